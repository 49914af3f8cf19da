"""The command line ``etl``: the only user of argparse and print; it is not part of the Lambda functions."""
