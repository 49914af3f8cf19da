"""The contract for one record of the raw file: which records become events, which go to quarantine, and why.

`Event` is the contract. Every way to read a record asks it: whole pieces are decoded straight into it, and a record
that does not fit is asked field by field which of its types refuses it, and what that type says of itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, get_args, get_type_hints

import msgspec
from msgspec import Meta

from etl.contract.run_date import RunDate
from etl.errors import TooManyQuarantinedError

EVENT_COLUMNS = ["device_id", "timestamp", "power"]
DEVICE_COLUMNS = ["user_id", "device_id", "type"]
HISTORY_COLUMNS = ["device_id", "timestamp", "power", "user_id", "type"]

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST_AFTER_RUN_DATE = timedelta(days=2)
LONGEST_DEVICE_ID = 256
LONGEST_QUOTE = 200

DeviceId = Annotated[
    Annotated[
        str, Meta(min_length=1, max_length=LONGEST_DEVICE_ID, pattern="\\A(?=[\\s\\S]*\\S)[^\\0\ud800-\udfff]*\\Z")
    ],
    Meta(description="a non-blank string of at most 256 characters, without NUL or lone surrogates"),
]
Timestamp = Annotated[
    Annotated[str, Meta(pattern=r"\A[0-9]{1,10}\Z")] | Annotated[int, Meta(ge=0, le=9_999_999_999)],
    Meta(description="Unix seconds as a string of 1 to 10 ASCII digits, or such an integer"),
]
Power = Annotated[Literal["on", "off"], Meta(description='exactly "on" or "off"')]
IN_TIME = "a time between 2000-01-01 and the run date + 2 days, UTC"


class Event(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One switch event. That its time lies in `time_bounds` is for the run to say, because it depends on the run date.

    Attributes
    ----------
    device_id
        Text, taken as it is.
    timestamp
        Unix seconds; written out digit for digit.
    power
        The new state of the power.
    """

    device_id: DeviceId
    timestamp: Timestamp
    power: Power


@dataclass(frozen=True)
class Bounds:
    """The first and the last second, Unix time, that a timestamp may name."""

    earliest: int
    latest: int

    def hold(self, timestamp: str | int) -> bool:
        """Tell whether a timestamp, in digits or as a number, lies within."""
        return self.earliest <= int(timestamp) <= self.latest


def time_bounds(run_date: str) -> Bounds:
    """Return the bounds of a run's timestamps.

    Examples
    --------
    >>> time_bounds("2021-03-23")
    Bounds(earliest=946684800, latest=1616630400)
    """
    latest = RunDate.parse(run_date).midnight_utc + LATEST_AFTER_RUN_DATE
    return Bounds(int(EARLIEST.timestamp()), int(latest.timestamp()))


class RepeatedKeys(dict[str, Any]):
    """A JSON object with keys that stand more than once; ``repeated`` names them. JSON would keep the last silently."""

    repeated: list[str]


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
        The record as it stands in the file, cut at 200 characters.
    """

    index: int
    field: str
    reason: str
    text: str


_TYPES = get_type_hints(Event, include_extras=True)
_SAYS = {
    field: next(part.description for part in get_args(kind) if isinstance(part, Meta) and part.description)
    for field, kind in _TYPES.items()
}


# one field each: msgspec looks a type up by its hash, which an annotated type works out anew each time
_ALONE = {field: msgspec.defstruct(f"Only{field}", [(field, kind)]) for field, kind in _TYPES.items()}


def first_fault(record: Any, bounds: Bounds) -> tuple[str, str] | None:
    """Return the first field at fault and the reason, or None for a record that keeps the contract.

    Parameters
    ----------
    record
        A decoded JSON value.
    bounds
        Of the run, from `time_bounds`.

    Examples
    --------
    >>> first_fault({"device_id": "a", "timestamp": 1616506124, "power": "ON"}, time_bounds("2021-03-23"))
    ('power', 'expected exactly "on" or "off"')
    """
    if not isinstance(record, dict):
        return "record", f"a {json_type(record)}; expected a JSON object"
    if isinstance(record, RepeatedKeys):
        return "record", f"key {record.repeated[0]!r:.60} stands more than once; expected each key once"
    for field, alone in _ALONE.items():
        if field not in record:
            return field, f"missing; expected {_SAYS[field]}"
        try:
            msgspec.convert(record, alone)
        except msgspec.ValidationError:
            return field, f"expected {_SAYS[field]}"
        if field == "timestamp" and not bounds.hold(record[field]):
            return field, f"expected {IN_TIME}"
    return None


def extra_fields_of(record: Mapping[str, Any]) -> Iterable[str]:
    """Return the names that the contract does not know (schema drift)."""
    return record.keys() - _TYPES.keys()


def require_few_quarantined(
    *, n_read: int, n_quarantined: int, first: Iterable[Quarantined], max_quarantine: float, source: str
) -> None:
    """Fail when too large a share of the records broke the contract.

    Parameters
    ----------
    n_read, n_quarantined
        Records of the file, and those in quarantine.
    first
        Some of the latter; up to five are named, with field and reason.
    max_quarantine
        Largest allowed share, 0 to 1.
    source
        The raw file's name, for the message.

    Raises
    ------
    TooManyQuarantinedError
        The share is larger.
    """
    if n_quarantined <= max_quarantine * n_read:
        return
    examples = "; ".join(f"record {q.index}, {q.field}: {q.reason}" for q in list(first)[:5])
    raise TooManyQuarantinedError(
        f"{source}: {n_quarantined} of {n_read} records break the contract ({n_quarantined / n_read:.1%}); "
        f"expected at most {max_quarantine:.1%}. First: {examples}. "
        "Correct the file, or allow a larger share with max_quarantine."
    )


def quarantine_lines(quarantined: Iterable[Quarantined]) -> bytes:
    """Return the quarantine as JSON Lines in UTF-8, one line per record."""
    return "".join(json.dumps(vars(record), ensure_ascii=False) + "\n" for record in quarantined).encode()


def json_type(value: Any) -> str:
    """Return what JSON calls the type of a decoded value.

    Examples
    --------
    >>> json_type(None), json_type(True), json_type(1.5)
    ('null', 'boolean', 'number')
    """
    names = {dict: "object", list: "list", str: "string", bool: "boolean", type(None): "null", RepeatedKeys: "object"}
    return names.get(type(value), "number")
