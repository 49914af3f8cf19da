"""The contract for one record of a raw file: which records become events, and what is wrong with the others.

`Event` is the contract. `etl.join.record_reader` decodes whole pieces of a file straight into it; `first_fault` checks
a record that does not fit field by field, to name the field and the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, get_args, get_type_hints

import msgspec
from msgspec import Meta

from etl.contract.run_date import RunDate

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST_AFTER_RUN_DATE = timedelta(days=2)
MAX_DEVICE_ID_LENGTH = 256  # characters

DeviceId = Annotated[
    Annotated[
        str, Meta(min_length=1, max_length=MAX_DEVICE_ID_LENGTH, pattern="\\A(?=[\\s\\S]*\\S)[^\\0\ud800-\udfff]*\\Z")
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
    """One switch event. It does not check the time range; `time_bounds` does, because it depends on the run date.

    Attributes
    ----------
    device_id
        Exact text: neither trimmed nor folded.
    timestamp
        Unix seconds; written out digit for digit.
    power
        The new state of the power.
    """

    device_id: DeviceId
    timestamp: Timestamp
    power: Power


@dataclass(frozen=True)
class TimeBounds:
    """The first and the last allowed timestamp of a run, in Unix seconds."""

    earliest: int
    latest: int

    def contain(self, timestamp: str | int) -> bool:
        """Tell whether a timestamp, in digits or as a number, lies within the bounds."""
        return self.earliest <= int(timestamp) <= self.latest


def time_bounds(run_date: str) -> TimeBounds:
    """Return the bounds of a run's timestamps.

    Examples
    --------
    >>> time_bounds("2021-03-23")
    TimeBounds(earliest=946684800, latest=1616630400)
    """
    latest = RunDate.parse(run_date).midnight_utc + LATEST_AFTER_RUN_DATE
    return TimeBounds(int(EARLIEST.timestamp()), int(latest.timestamp()))


class RepeatedKeys(dict[str, Any]):
    """A JSON object with repeated keys, which ``repeated`` names; a plain dict would keep the last value silently."""

    repeated: list[str]


_TYPES = get_type_hints(Event, include_extras=True)
_EXPECTED = {
    field: next(part.description for part in get_args(kind) if isinstance(part, Meta) and part.description)
    for field, kind in _TYPES.items()
}
# A struct for each field: msgspec looks a type up by its hash, and hashing an annotated type is slow
_ONE_FIELD = {field: msgspec.defstruct(f"Only{field}", [(field, kind)]) for field, kind in _TYPES.items()}


def first_fault(record: Any, bounds: TimeBounds) -> tuple[str, str] | None:
    """Return the first field at fault and the reason, or None for a valid record.

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
    for field, one_field in _ONE_FIELD.items():
        if field not in record:
            return field, f"missing; expected {_EXPECTED[field]}"
        try:
            msgspec.convert(record, one_field)
        except msgspec.ValidationError:
            return field, f"expected {_EXPECTED[field]}"
        if field == "timestamp" and not bounds.contain(record[field]):
            return field, f"expected {IN_TIME}"
    return None


def json_type(value: Any) -> str:
    """Return what JSON calls the type of a decoded value.

    Examples
    --------
    >>> json_type(None), json_type(True), json_type(1.5)
    ('null', 'boolean', 'number')
    """
    names = {dict: "object", list: "list", str: "string", bool: "boolean", type(None): "null", RepeatedKeys: "object"}
    return names.get(type(value), "number")
