"""Build the Lambda layers from the lock, without Docker: ``python -m layers``. Imports nothing else of this project."""
