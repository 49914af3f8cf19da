"""Deploy a serverless file: its variables, functions and state machines."""
