"""Read a local devices file into items of the device table."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from boto3.dynamodb.types import TypeSerializer

from etl.contract.columns import DEVICE_KEY
from etl.errors import DevicesFileError

_EXPECTED = 'expected a JSON list of items such as {"user_id": "u", "device_id": "d", "type": "TV"}'


def read_devices_file(path: Path) -> list[dict[str, dict[str, Any]]]:
    """Return the items of `path` in DynamoDB's attribute-value form.

    Parameters
    ----------
    path
        A JSON list of plain items, or what ``aws dynamodb scan`` prints: an object with ``Items``.

    Raises
    ------
    DevicesFileError
        The file cannot be read, is not JSON, has another shape, or items lack a key (at most five are named).
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal)
    except OSError as error:
        raise DevicesFileError(f"{path}: cannot be read ({error.strerror}); {_EXPECTED}.") from None
    except (ValueError, RecursionError) as error:
        raise DevicesFileError(f"{path}: not valid JSON ({str(error)[:100]}); {_EXPECTED}.") from None
    items = document.get("Items") if isinstance(document, dict) else document
    if not isinstance(items, list):
        raise DevicesFileError(f"{path}: neither a list nor an object with a list 'Items'; {_EXPECTED}.")
    serialized = [_serialize(item) for item in items]
    faulty = [index for index, item in enumerate(serialized) if not _has_keys(item)]
    if faulty:
        raise DevicesFileError(
            f"{path}: {len(faulty)} items lack a non-blank text user_id or device_id "
            f"(items {', '.join(map(str, faulty[:5]))}, counted from 0); {_EXPECTED}."
        )
    return serialized


def _serialize(item: Any) -> dict[str, Any]:
    if not isinstance(item, dict):
        return {}
    if isinstance(item.get("device_id"), dict):
        return item
    return {name: TypeSerializer().serialize(value) for name, value in item.items()}


def _has_keys(item: dict[str, Any]) -> bool:
    texts = [item.get(key, {}).get("S") for key in DEVICE_KEY]
    return all(isinstance(text, str) and text.strip() for text in texts)
