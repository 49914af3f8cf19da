"""Tables and figures for people: the only user of matplotlib."""
