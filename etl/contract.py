"""The contract for one record of the raw file: which records become events, which go to quarantine, and why."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import pandas as pd

from etl.errors import TooManyQuarantinedError
from etl.raw_file import RepeatedKeys

EVENT_COLUMNS = ["device_id", "timestamp", "power"]

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST_AFTER_RUN_DATE = timedelta(days=2)
LONGEST_DEVICE_ID = 256
LONGEST_QUOTE = 200

_DIGITS = re.compile(r"[0-9]{1,10}")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Rule(NamedTuple):
    """What a field must be, in words and as a test; the test gets the value and the bounds of the timestamp."""

    says: str
    holds: Callable[[Any, tuple[int, int]], bool]


def _is_device_id(value: Any, _bounds: tuple[int, int]) -> bool:
    return (
        isinstance(value, str)
        and 0 < len(value) <= LONGEST_DEVICE_ID
        and not value.isspace()
        and "\0" not in value
        and not _SURROGATE.search(value)
    )


def _is_digits(value: Any, _bounds: tuple[int, int]) -> bool:
    return (isinstance(value, str) or type(value) is int) and bool(_DIGITS.fullmatch(str(value)))


def _is_in_time(value: Any, bounds: tuple[int, int]) -> bool:
    return bounds[0] <= int(value) <= bounds[1]


RULES: dict[str, tuple[Rule, ...]] = {
    "device_id": (Rule("a non-blank string of at most 256 characters, without NUL or lone surrogates", _is_device_id),),
    "timestamp": (
        Rule("Unix seconds as a string of 1 to 10 ASCII digits, or such an integer", _is_digits),
        Rule("a time between 2000-01-01 and the run date + 2 days, UTC", _is_in_time),
    ),
    "power": (Rule('exactly "on" or "off"', lambda value, _bounds: value in ("on", "off")),),
}


@dataclass(frozen=True)
class Quarantined:
    """A record that broke the contract.

    Attributes
    ----------
    index
        Place among the file's records, from 0.
    field
        The field at fault; ``record`` when it is the record as a whole.
    reason
        What was expected.
    text
        The record as JSON, cut at 200 characters.
    """

    index: int
    field: str
    reason: str
    text: str


@dataclass(frozen=True)
class CheckedRecords:
    """What became of a file's records; ``len(events) + len(quarantined) == n_read``.

    Attributes
    ----------
    n_read
        Number of records in the file.
    events
        One row per valid record, in file order: ``device_id``, ``timestamp`` (Unix seconds, as written), ``power``.
    quarantined
        The others, in file order.
    extra_fields
        Names of fields that the contract does not know (schema drift), sorted; they are dropped.
    """

    n_read: int
    events: pd.DataFrame
    quarantined: list[Quarantined]
    extra_fields: list[str]


def check_records(records: Iterable[Any], *, run_date: str) -> CheckedRecords:
    """Divide the records of a raw file into events and quarantine.

    Parameters
    ----------
    records
        Decoded JSON values, one per record.
    run_date
        ``YYYY-MM-DD``; bounds the timestamps.

    Returns
    -------
    CheckedRecords
        Every record is in exactly one of ``events`` and ``quarantined``.

    Examples
    --------
    >>> records = [{"device_id": "a", "timestamp": 1616506124, "power": "on"}, {"device_id": "a", "power": "ON"}]
    >>> checked = check_records(records, run_date="2021-03-23")
    >>> checked.events.to_dict("records")
    [{'device_id': 'a', 'timestamp': '1616506124', 'power': 'on'}]
    >>> checked.quarantined[0].reason
    'missing; expected Unix seconds as a string of 1 to 10 ASCII digits, or such an integer'
    """
    latest = datetime.combine(date.fromisoformat(run_date), datetime.min.time(), UTC) + LATEST_AFTER_RUN_DATE
    bounds = (int(EARLIEST.timestamp()), int(latest.timestamp()))
    rows: list[tuple[str, str, str]] = []
    quarantined: list[Quarantined] = []
    extra_fields: set[str] = set()
    n_read = 0
    for index, record in enumerate(records):
        n_read += 1
        fault = _first_fault(record, bounds)
        if fault:
            quarantined.append(Quarantined(index, *fault, text=_quote(record)))
            continue
        rows.append((record["device_id"], str(record["timestamp"]), record["power"]))
        if len(record) > len(EVENT_COLUMNS):
            extra_fields.update(record.keys() - RULES.keys())
    events = pd.DataFrame(rows, columns=EVENT_COLUMNS, dtype="str")
    return CheckedRecords(n_read, events, quarantined, sorted(extra_fields))


def require_few_quarantined(checked: CheckedRecords, *, max_quarantine: float, source: str) -> None:
    """Fail when too large a share of the records broke the contract.

    Parameters
    ----------
    checked
        The divided records.
    max_quarantine
        Largest allowed share, 0 to 1.
    source
        The raw file's name, for the message.

    Raises
    ------
    TooManyQuarantinedError
        The share is larger; names the first five records with field and reason.
    """
    n = len(checked.quarantined)
    if n <= max_quarantine * checked.n_read:
        return
    first = "; ".join(f"record {q.index}, {q.field}: {q.reason}" for q in checked.quarantined[:5])
    raise TooManyQuarantinedError(
        f"{source}: {n} of {checked.n_read} records break the contract ({n / checked.n_read:.1%}); "
        f"expected at most {max_quarantine:.1%}. First: {first}. "
        "Correct the file, or allow a larger share with max_quarantine."
    )


def quarantine_lines(quarantined: Iterable[Quarantined]) -> bytes:
    """Return the quarantine as JSON Lines in UTF-8, one line per record."""
    return "".join(json.dumps(asdict(record), ensure_ascii=False) + "\n" for record in quarantined).encode()


def _first_fault(record: Any, bounds: tuple[int, int]) -> tuple[str, str] | None:
    """Return the field at fault and the reason, or None for a valid record."""
    if not isinstance(record, dict):
        return "record", f"a {_json_type(record)}; expected a JSON object"
    if isinstance(record, RepeatedKeys):
        return "record", f"key {record.repeated[0]!r:.60} stands more than once; expected each key once"
    for field, rules in RULES.items():
        for rule in rules:
            if field not in record:
                return field, f"missing; expected {rule.says}"
            if not rule.holds(record[field], bounds):
                return field, f"expected {rule.says}"
    return None


def _json_type(value: Any) -> str:
    names = {str: "string", bool: "boolean", int: "number", float: "number", list: "list", type(None): "null"}
    return names[type(value)]


def _quote(record: Any) -> str:
    text = json.dumps(record, ensure_ascii=False)[:LONGEST_QUOTE]
    return _SURROGATE.sub("�", text)
