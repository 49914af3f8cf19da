"""Build Lambda layers from a lock with hashes, without Docker. Imports nothing else of this project."""
