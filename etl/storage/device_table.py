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

from etl.contract.record import DEVICE_COLUMNS
from etl.errors import ThrottledError
from etl.storage.aws import aws_errors, client, require_right_aws
from etl.storage.read_only import require_writable

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
    items = list(_scan(table_name))
    columns = {
        "user_id": [item.user_id.S for item in items],
        "device_id": [item.device_id.S for item in items],
        "type": [_text_of(item.type) for item in items],
    }
    n_types_not_text = sum(1 for item in items if item.type and item.type.S is UNSET and item.type.NULL is UNSET)
    devices = pd.DataFrame(columns, columns=DEVICE_COLUMNS, dtype="str")
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
    ReadOnlyError
        This session only reads.
    """
    require_writable(f"table {table_name}")
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


class _Value(msgspec.Struct, gc=False):
    """An attribute's value as DynamoDB writes it, as far as it is text or null; other kinds leave both unset."""

    S: str | UnsetType = UNSET
    NULL: bool | UnsetType = UNSET


class _Item(msgspec.Struct, gc=False):
    user_id: _Value
    device_id: _Value
    type: _Value | UnsetType = UNSET


class _Page(msgspec.Struct):
    Items: list[_Item]
    LastEvaluatedKey: msgspec.Raw | UnsetType = UNSET


_PAGE = msgspec.json.Decoder(_Page)


def _text_of(value: _Value | UnsetType) -> str | None:
    return value.S if value and value.S is not UNSET else None


def _scan(table_name: str) -> Iterator[_Item]:
    """Yield the items of all pages.

    botocore decodes a page value by value, which costs more than the join of a million events. Its event
    ``before-parse`` hands a handler the response's bytes, and takes from it what it needs not parse. Should an event of
    that name no longer come, botocore decodes the page as ever, and this converts it.
    """
    dynamodb = _dynamodb(table_name)
    dynamodb.meta.events.register("before-parse.dynamodb.Scan", _decode_page, unique_id="etl-decode-page")
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=table_name,
        ConsistentRead=True,
        ProjectionExpression="user_id, device_id, #type",
        ExpressionAttributeNames={"#type": "type"},
    )
    with aws_errors(f"table {table_name}, scan"):
        for page in pages:
            items = page["Items"]
            yield from items if not items or isinstance(items[0], _Item) else map(_item, items)


def _decode_page(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_more: object) -> None:
    """Decode a page's items, and leave to botocore where the next page begins; an error is left to it altogether."""
    if response_dict["status_code"] != HTTPStatus.OK:
        return
    try:
        page = _PAGE.decode(response_dict["body"])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return
    key = page.LastEvaluatedKey
    response_dict["body"] = b"{}" if key is UNSET else b'{"LastEvaluatedKey": %b}' % bytes(key)
    customized_response_dict["Items"] = page.Items


def _item(attributes: dict[str, dict[str, Any]]) -> _Item:
    item: _Item = msgspec.convert({name: attributes[name] for name in DEVICE_COLUMNS if name in attributes}, _Item)
    return item


def _dynamodb(table_name: str) -> Any:
    dynamodb = client("dynamodb")
    require_right_aws(table_name, dynamodb.meta.endpoint_url)
    return dynamodb
