"""The command line ``etl``: the only user of argparse and print; it is not part of the Lambda functions."""

# exit codes
DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
