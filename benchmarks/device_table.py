"""Reading the whole device table, against boto3's resource and client: client CPU, in turn.

``python benchmarks/device_table.py --items 100000 [--rounds 5]`` starts an embedded AWS and fills a table first.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from measure import in_turn, print_table, report

TABLE = "Devices-local"
CONTENDERS = ("pipeline", "boto3 client", "boto3 resource")


def pipeline() -> Callable[[], str]:
    """Return this project's scan, which gives sorted devices as a frame."""
    from etl.storage.device_table import read_devices

    return lambda: str(len(read_devices(TABLE).devices))


def client() -> Callable[[], str]:
    """Return boto3's client with its paginator."""
    import boto3

    def work() -> str:
        pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName=TABLE, ConsistentRead=True)
        return str(sum(len(page["Items"]) for page in pages))

    return work


def resource() -> Callable[[], str]:
    """Return boto3's resource, as its documentation scans a table."""
    import boto3

    def work() -> str:
        table = boto3.resource("dynamodb").Table(TABLE)
        page = table.scan(ConsistentRead=True)
        items = page["Items"]
        while "LastEvaluatedKey" in page:
            page = table.scan(ConsistentRead=True, ExclusiveStartKey=page["LastEvaluatedKey"])
            items += page["Items"]
        return str(len(items))

    return work


WAYS = dict(zip(CONTENDERS, (pipeline, client, resource), strict=True))


def main() -> int:
    """Fill a table, run the contenders on it in turn, print a table; or run one of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--one", choices=CONTENDERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        report(WAYS[options.one]())
        return 0
    from etl.cli.local_pipeline import local_pipeline
    from etl.storage.device_table import put_devices

    items = [
        {"user_id": {"S": f"user_{n // 2:06}"}, "device_id": {"S": f"device_{n:08}"}, "type": {"S": "TV"}}
        for n in range(options.items)
    ]
    with local_pipeline():
        os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
        put_devices(TABLE, items)
        measured = in_turn(Path(__file__), CONTENDERS, [], rounds=options.rounds)
    if {one.said for one in measured.values()} != {str(options.items)}:
        raise SystemExit(f"the contenders do not read the same: {measured}")
    print_table(f"{options.items:,} items; medians of {options.rounds}", measured, against="pipeline")
    return 0


if __name__ == "__main__":
    sys.exit(main())
