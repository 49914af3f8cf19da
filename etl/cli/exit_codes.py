"""What a command of ``etl`` returns to the shell."""

DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
