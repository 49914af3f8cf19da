"""The Python runtime of a function: interpreter, AWS's runtime client, and the Runtime API that it talks to."""
