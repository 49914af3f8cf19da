"""Put the sample into a stage: its devices into the table, its raw file into the bucket.

Of a stage on AWS:      python scripts/set_sample_data.py --stage dev
Of the embedded AWS:    the same with --stage local, in a shell with the variables that 'make aws' prints.
"""

from __future__ import annotations

import argparse
import os
import sys

from etl.cli.sample import SAMPLE_DEVICES, SAMPLE_RAW
from etl.errors import EtlError
from etl.storage import device_table, object_store
from etl.storage.devices_file import read_devices_file
from etl.storage.stage_resources import DEFAULT_REGION, stage_resources


def main() -> int:
    """Load the sample and print its table and bucket; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stage", required=True, help="the deployed stage; 'local' is the embedded AWS")
    parser.add_argument("--region", default=DEFAULT_REGION, help=f"default: {DEFAULT_REGION}")
    options = parser.parse_args()
    try:
        load(options.stage, options.region)
    except EtlError as error:
        print(f"set_sample_data: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


def load(stage: str, region: str) -> None:
    """Put the sample into the table and the bucket that the outputs of the stage's resource stack name."""
    os.environ["AWS_DEFAULT_REGION"] = region
    resources = stage_resources(stage)
    bucket, table = resources.raw_bucket_name, resources.devices_table_name
    n_devices = device_table.put_devices(table, read_devices_file(SAMPLE_DEVICES))
    print(f"{n_devices} devices -> table {table}")
    with SAMPLE_RAW.open("rb") as raw:
        object_store.put(bucket, SAMPLE_RAW.name, raw)
    print(f"{SAMPLE_RAW.name} -> s3://{bucket}/{SAMPLE_RAW.name}")


if __name__ == "__main__":
    sys.exit(main())
