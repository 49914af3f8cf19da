"""Put the sample into a stage: its devices into the table, its raw file into the bucket.

Of a stage on AWS:      .venv/bin/python scripts/set_sample_data.py --stage dev
Of the embedded AWS:    the same with --stage local, in a shell with the variables that 'make aws' prints.

It asks for the account's number, and before it replaces another raw file of the same name.
"""

from __future__ import annotations

import argparse
import os
import sys

from etl.cli.sample import SAMPLE_DEVICES, SAMPLE_RAW
from etl.errors import EtlError
from etl.storage import device_table, object_store
from etl.storage.devices_file import read_devices_file
from etl.storage.stage_resources import stage_resources
from stages.access import StageError, add_stage_options, confirm_account, sign_in


def main(arguments: list[str] | None = None) -> int:
    """Load the sample and print its table and bucket; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_stage_options(parser)
    parser.add_argument("--replace", action="store_true", help="replace another raw file without asking")
    options = parser.parse_args(arguments)
    try:
        access = sign_in(options.stage, options.region, action="deploy")
        confirm_account(access, "set_sample_data", account=options.account)
        load(options.stage, options.region, replace=options.replace)
    except (StageError, EtlError) as error:
        print(f"set_sample_data: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def load(stage: str, region: str, *, replace: bool = False) -> None:
    """Put the sample into the table and the bucket that the outputs of the stage's resource stack name.

    Raises
    ------
    StageError
        The bucket has another raw file of this name, which is not to be replaced; nothing was written.
    """
    os.environ["AWS_DEFAULT_REGION"] = region
    resources = stage_resources(stage)
    bucket, table = resources.raw_bucket_name, resources.devices_table_name
    if not replace:
        _require_replaceable(bucket)
    n_devices = device_table.put_devices(table, read_devices_file(SAMPLE_DEVICES))
    print(f"{n_devices} devices -> table {table}")
    with SAMPLE_RAW.open("rb") as raw:
        object_store.put(bucket, SAMPLE_RAW.name, raw)
    print(f"{SAMPLE_RAW.name} -> s3://{bucket}/{SAMPLE_RAW.name}")


def _require_replaceable(bucket: str) -> None:
    """Ask before another raw file of the sample's name is replaced."""
    where = f"s3://{bucket}/{SAMPLE_RAW.name}"
    existing = object_store.head_object(bucket, SAMPLE_RAW.name)
    if existing is None or existing.head == SAMPLE_RAW.read_bytes():
        return
    fault = f"{where}: another raw file lies there; found {existing.n_bytes:,} bytes"
    if not sys.stdin.isatty():
        raise StageError(f"{fault}; expected none. Replace it with --replace.")
    if input(f"{fault}. Type 'replace' to replace it: ").strip() != "replace":
        raise StageError(f"{where}: not replaced; nothing was written.")


if __name__ == "__main__":
    sys.exit(main())
