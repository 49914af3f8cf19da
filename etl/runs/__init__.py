"""The files of a run: their keys, their content, and how a past run is found."""
