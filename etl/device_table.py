"""Read and fill the device master table in DynamoDB."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from etl.aws import aws_errors, client, require_right_aws
from etl.contract import DEVICE_COLUMNS
from etl.errors import ThrottledError

_ITEMS_A_REQUEST = 25  # DynamoDB's limit for BatchWriteItem
_MOST_TRIES = 8


@dataclass(frozen=True)
class DeviceMaster:
    """The whole table as it was read.

    Attributes
    ----------
    table_name
        Where it was read.
    devices
        One row per owner and device, sorted by both: ``user_id``, ``device_id``, ``type`` (text, null without one).
    n_types_not_text
        Items whose ``type`` is a number, set, binary, map or list; it is left empty.
    """

    table_name: str
    devices: pd.DataFrame
    n_types_not_text: int

    def described(self) -> dict[str, Any]:
        """Return what a manifest says of the snapshot; its SHA-256 is that of the rows as JSON Lines."""
        lines = self.devices.to_json(orient="records", lines=True, force_ascii=False)
        return {
            "table_name": self.table_name,
            "count": len(self.devices),
            "sha256": hashlib.sha256(lines.encode()).hexdigest(),
            "n_types_not_text": self.n_types_not_text,
        }


def read_devices(table_name: str) -> DeviceMaster:
    """Read the whole table, all pages (an empty page may be followed by a full one).

    Raises
    ------
    MissingTableError
        There is no such table.
    AccessDeniedError, ThrottledError, ServiceUnavailableError
        DynamoDB refused, or did not answer, after the client's own retries.
    """
    rows, n_types_not_text = [], 0
    for item in _scan(table_name):
        kind = item.get("type", {"S": None})
        n_types_not_text += "S" not in kind and "NULL" not in kind
        rows.append((item["user_id"]["S"], item["device_id"]["S"], kind.get("S")))
    devices = pd.DataFrame(rows, columns=DEVICE_COLUMNS, dtype="str")
    return DeviceMaster(table_name, devices.sort_values(["user_id", "device_id"], ignore_index=True), n_types_not_text)


def put_devices(table_name: str, items: Iterable[Mapping[str, Any]]) -> int:
    """Put items, in DynamoDB's attribute-value form, into the table; an item with the same key is replaced.

    Returns
    -------
    int
        Number of items put.

    Raises
    ------
    ThrottledError
        DynamoDB went on leaving items unprocessed.
    """
    by_key = {(item["user_id"]["S"], item["device_id"]["S"]): item for item in items}
    requests = [{"PutRequest": {"Item": item}} for item in by_key.values()]
    dynamodb = _dynamodb(table_name)
    for start in range(0, len(requests), _ITEMS_A_REQUEST):
        left = {table_name: requests[start : start + _ITEMS_A_REQUEST]}
        for _try in range(_MOST_TRIES):
            with aws_errors(f"table {table_name}, write"):
                left = dynamodb.batch_write_item(RequestItems=left)["UnprocessedItems"]
            if not left:
                break
        else:
            raise ThrottledError(f"table {table_name}, write: items stayed unprocessed. Try again later.")
    return len(requests)


def _scan(table_name: str) -> Iterator[dict[str, dict[str, Any]]]:
    pages = _dynamodb(table_name).get_paginator("scan").paginate(TableName=table_name, ConsistentRead=True)
    with aws_errors(f"table {table_name}, scan"):
        for page in pages:
            yield from page["Items"]


def _dynamodb(table_name: str) -> Any:
    dynamodb = client("dynamodb")
    require_right_aws(table_name, dynamodb.meta.endpoint_url)
    return dynamodb
