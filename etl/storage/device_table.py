"""Read and fill the device master table in DynamoDB."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec
import pandas as pd
from msgspec import UNSET, UnsetType

from etl.contract.columns import DEVICE_ATTRIBUTES, DEVICE_COLUMNS, DEVICE_KEY
from etl.errors import ThrottledError
from etl.storage.aws import aws_errors, client, require_right_aws
from etl.storage.read_only import require_writable

_ITEMS_A_REQUEST = 25  # DynamoDB's limit for BatchWriteItem
_MAX_TRIES = 8


@dataclass(frozen=True)
class DeviceMaster:
    """The whole table as it was read.

    Attributes
    ----------
    table_name
        Of the DynamoDB table.
    devices
        One row per owner and device, sorted by both: the key, and the attributes (text, null without one).
    n_types_not_text
        Attributes, such as a ``type``, that are a number, set, binary, map or list; they are left empty.
    """

    table_name: str
    devices: pd.DataFrame
    n_types_not_text: int

    def manifest_entry(self) -> dict[str, Any]:
        """Return the snapshot's entry in a manifest; its SHA-256 is that of the rows as JSON Lines."""
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
    items = list(_scan(table_name))
    texts = {name: [_text_of(getattr(item, name)) for item in items] for name in DEVICE_COLUMNS}
    n_not_text = sum(_is_not_text(getattr(item, name)) for item in items for name in DEVICE_ATTRIBUTES)
    devices = pd.DataFrame(texts, columns=DEVICE_COLUMNS, dtype="str")
    return DeviceMaster(table_name, devices.sort_values(DEVICE_KEY, ignore_index=True), n_not_text)


def put_devices(table_name: str, items: Iterable[Mapping[str, Any]]) -> int:
    """Put items, in DynamoDB's attribute-value form, into the table, and return how many; equal keys are replaced.

    Raises
    ------
    ThrottledError
        DynamoDB went on leaving items unprocessed.
    ReadOnlyError
        This session only reads.
    """
    require_writable(f"table {table_name}")
    by_key = {tuple(item[name]["S"] for name in DEVICE_KEY): item for item in items}
    requests = [{"PutRequest": {"Item": item}} for item in by_key.values()]
    dynamodb = _dynamodb(table_name)
    for start in range(0, len(requests), _ITEMS_A_REQUEST):
        unprocessed = {table_name: requests[start : start + _ITEMS_A_REQUEST]}
        for _try in range(_MAX_TRIES):
            with aws_errors(f"table {table_name}, write"):
                unprocessed = dynamodb.batch_write_item(RequestItems=unprocessed)["UnprocessedItems"]
            if not unprocessed:
                break
        else:
            raise ThrottledError(f"table {table_name}, write: items stayed unprocessed. Try again later.")
    return len(requests)


class _Value(msgspec.Struct, gc=False):
    """An attribute's value as DynamoDB writes it: text or null; other kinds leave both unset."""

    S: str | UnsetType = UNSET
    NULL: bool | UnsetType = UNSET


_ITEM: Any = msgspec.defstruct(
    "_Item",
    [*((name, _Value) for name in DEVICE_KEY), *((name, _Value | UnsetType, UNSET) for name in DEVICE_ATTRIBUTES)],
    gc=False,
)
_PAGE: Any = msgspec.defstruct("_Page", [("Items", list[_ITEM]), ("LastEvaluatedKey", msgspec.Raw | UnsetType, UNSET)])
_DECODER = msgspec.json.Decoder(_PAGE)


def _text_of(value: _Value | UnsetType) -> str | None:
    return value.S if value and value.S is not UNSET else None


def _is_not_text(value: _Value | UnsetType) -> bool:
    return isinstance(value, _Value) and value.S is UNSET and value.NULL is UNSET


def _scan(table_name: str) -> Iterator[Any]:
    """Yield the items of all pages.

    botocore decodes a page value by value, which takes longer than the join of a million events. Its event
    ``before-parse`` passes a handler the response's bytes, and takes decoded members from it. If botocore no longer
    sends that event, it decodes the page itself, and `msgspec.convert` changes its items to ours.
    """
    dynamodb = _dynamodb(table_name)
    dynamodb.meta.events.register("before-parse.dynamodb.Scan", _decode_page, unique_id="etl-decode-page")
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=table_name,
        ConsistentRead=True,
        ProjectionExpression=", ".join(f"#{name}" for name in DEVICE_COLUMNS),
        ExpressionAttributeNames={f"#{name}": name for name in DEVICE_COLUMNS},
    )
    with aws_errors(f"table {table_name}, scan"):
        for page in pages:
            yield from msgspec.convert(page["Items"], list[_ITEM])


def _decode_page(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_more: object) -> None:
    """Decode a page's items, and leave the key of the next page to botocore; leave an error to it altogether."""
    if response_dict["status_code"] != HTTPStatus.OK:
        return
    try:
        page = _DECODER.decode(response_dict["body"])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return
    key = page.LastEvaluatedKey
    response_dict["body"] = b"{}" if key is UNSET else b'{"LastEvaluatedKey": %b}' % bytes(key)
    customized_response_dict["Items"] = page.Items


def _dynamodb(table_name: str) -> Any:
    dynamodb = client("dynamodb")
    require_right_aws(table_name, dynamodb.meta.endpoint_url)
    return dynamodb
