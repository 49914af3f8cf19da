"""What the contract says of one record, and what happens to those that break it."""

import json

import pytest

from etl.contract.record import (
    Quarantined,
    RepeatedKeys,
    extra_fields_of,
    first_fault,
    quarantine_lines,
    require_few_quarantined,
    time_bounds,
)
from etl.errors import TooManyQuarantinedError

GOOD = {"device_id": "a", "timestamp": "1616506124", "power": "on"}
BOUNDS = time_bounds("2021-03-23")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("device_id", "x" * 256),
        ("device_id", " a "),
        ("device_id", "two\nlines"),
        ("device_id", "=cmd"),
        ("device_id", "エアコン😀"),
        ("device_id", "😀" * 256),
        ("timestamp", 1616506124),
        ("timestamp", "0946684800"),
        ("timestamp", "946684800"),
        ("timestamp", "1616630400"),  # 2021-03-25T00:00:00Z, run date + 2 days
        ("power", "off"),
    ],
)
def test_keeps(field, value):
    """What the contract allows."""
    assert first_fault(GOOD | {field: value}, BOUNDS) is None


@pytest.mark.parametrize(
    ("record", "field", "reason"),
    [
        (GOOD | {"device_id": ""}, "device_id", "a non-blank string"),
        (GOOD | {"device_id": " \u3000"}, "device_id", "a non-blank string"),
        (GOOD | {"device_id": "x" * 257}, "device_id", "at most 256"),
        (GOOD | {"device_id": "a\0b"}, "device_id", "without NUL"),
        (GOOD | {"device_id": "\ud800"}, "device_id", "lone surrogates"),
        (GOOD | {"device_id": 5}, "device_id", "string"),
        (GOOD | {"device_id": None}, "device_id", "string"),
        (GOOD | {"timestamp": "16165061240"}, "timestamp", "1 to 10 ASCII digits"),
        (GOOD | {"timestamp": "１６１６"}, "timestamp", "ASCII"),
        (GOOD | {"timestamp": " 1616506124"}, "timestamp", "digits"),
        (GOOD | {"timestamp": "1616506124\n"}, "timestamp", "digits"),
        (GOOD | {"timestamp": ""}, "timestamp", "digits"),
        (GOOD | {"timestamp": -1}, "timestamp", "digits"),
        (GOOD | {"timestamp": 10**30}, "timestamp", "digits"),
        (GOOD | {"timestamp": True}, "timestamp", "digits"),
        (GOOD | {"timestamp": 1616506124.0}, "timestamp", "digits"),
        (GOOD | {"timestamp": "946684799"}, "timestamp", "2000-01-01"),
        (GOOD | {"timestamp": "1616630401"}, "timestamp", "run date + 2 days"),
        (GOOD | {"power": "ON"}, "power", '"on" or "off"'),
        (GOOD | {"power": True}, "power", '"on" or "off"'),
        (GOOD | {"power": []}, "power", '"on" or "off"'),
        ({"device_id": "a", "timestamp": "1616506124"}, "power", "missing"),
        ("text", "record", "a string; expected a JSON object"),
        (None, "record", "a null; expected a JSON object"),
        (True, "record", "a boolean; expected a JSON object"),
        (1.5, "record", "a number; expected a JSON object"),
        ([GOOD], "record", "a list; expected a JSON object"),
    ],
)
def test_breaks(record, field, reason):
    """What the contract does not allow, with the field at fault and what was expected."""
    found = first_fault(record, BOUNDS)
    assert found is not None
    assert found[0] == field
    assert reason in found[1]


def test_a_repeated_key_breaks_it():
    """Neither value of the two is taken."""
    record = RepeatedKeys(GOOD)
    record.repeated = ["power"]
    assert first_fault(record, BOUNDS) == (
        "record",
        "key 'power' stands more than once; expected each key once",
    )


def test_extra_fields_are_those_that_it_does_not_know():
    """Also when they are called like the master's columns."""
    assert sorted(extra_fields_of(GOOD | {"user_id": "evil", "type": 1, "fw": {}})) == ["fw", "type", "user_id"]


def test_the_quarantine_is_json_lines():
    """One line a record, whatever its text holds."""
    record = Quarantined(7, "power", "expected", '"\u2028\n\x00')
    (line,) = quarantine_lines([record]).decode().removesuffix("\n").split("\n")
    assert json.loads(line) == {"index": 7, "field": "power", "reason": "expected", "text": '"\u2028\n\x00'}


@pytest.mark.parametrize(("n_bad", "fails"), [(0, False), (1, False), (2, True)])
def test_the_threshold_is_the_largest_allowed_share(n_bad, fails):
    """One in twenty passes at 5 %, two do not."""
    counts = {"n_read": 20, "n_quarantined": n_bad, "first": [Quarantined(18, "power", "missing", "{}")] * n_bad}
    if not fails:
        require_few_quarantined(**counts, max_quarantine=0.05, source="f")
        return
    with pytest.raises(TooManyQuarantinedError, match=r"f: 2 of 20 records break the contract \(10.0%\).*record 18"):
        require_few_quarantined(**counts, max_quarantine=0.05, source="f")


def test_no_records_are_not_too_many_bad_ones():
    """The share of an empty file is no division by zero."""
    require_few_quarantined(n_read=0, n_quarantined=0, first=[], max_quarantine=0, source="f")
