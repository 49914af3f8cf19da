"""Which records are events, which are quarantined, and why."""

import json

import pandas as pd
import pytest

from etl.contract import check_records, quarantine_lines, require_few_quarantined
from etl.errors import TooManyQuarantinedError
from etl.raw_file import read_records

GOOD = {"device_id": "a", "timestamp": "1616506124", "power": "on"}


def check(*records):
    """Hold records to the contract on the sample's day."""
    return check_records(records, run_date="2021-03-23")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("device_id", "x" * 256),
        ("device_id", " a "),
        ("device_id", "=cmd"),
        ("device_id", "エアコン😀"),
        ("timestamp", 1616506124),
        ("timestamp", "0946684800"),
        ("timestamp", "1616630400"),  # 2021-03-25T00:00:00Z, run date + 2 days
        ("power", "off"),
    ],
)
def test_a_valid_record_becomes_an_event_as_written(field, value):
    """What the contract allows passes, digit for digit."""
    checked = check(GOOD | {field: value})
    assert checked.quarantined == []
    assert checked.events[field].tolist() == [str(value)]


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
        (GOOD | {"timestamp": -1}, "timestamp", "digits"),
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
        ([GOOD], "record", "a list; expected a JSON object"),
    ],
)
def test_a_record_that_breaks_the_contract_is_quarantined_with_its_reason(record, field, reason):
    """It keeps its index, and its neighbours go on."""
    checked = check(GOOD, record, GOOD)
    assert checked.n_read == 3
    assert len(checked.events) == 2
    (quarantined,) = checked.quarantined
    assert (quarantined.index, quarantined.field) == (1, field)
    assert reason in quarantined.reason
    json.loads(quarantine_lines([quarantined]))


def test_a_repeated_key_is_quarantined():
    """Neither value of the two is taken."""
    raw = b'{"data": [{"device_id": "a", "timestamp": "1616506124", "power": "on", "power": "off"}]}'
    (quarantined,) = check(*read_records(raw, source="f")).quarantined
    assert quarantined.reason == "key 'power' stands more than once; expected each key once"


def test_the_quarantine_keeps_at_most_200_characters():
    """A record of megabytes does not fill the quarantine."""
    (quarantined,) = check({"device_id": "x" * 5_000_000}).quarantined
    assert len(quarantined.text) == 200


def test_extra_fields_are_named_once_and_dropped():
    """Schema drift is seen, and cannot shadow the master's columns."""
    checked = check(GOOD | {"user_id": "evil", "type": "evil"}, GOOD | {"type": 1, "fw": {"v": 2}})
    assert checked.extra_fields == ["fw", "type", "user_id"]
    assert list(checked.events.columns) == ["device_id", "timestamp", "power"]


def test_no_records_give_an_empty_frame_of_text():
    """An empty day has the same columns and types as any other."""
    pd.testing.assert_frame_equal(check().events, check(GOOD).events.iloc[:0])


@pytest.mark.parametrize(("n_bad", "fails"), [(0, False), (1, False), (2, True)])
def test_the_threshold_is_the_largest_allowed_share(n_bad, fails):
    """One in twenty passes at 5 %, two do not."""
    checked = check(*[GOOD] * (20 - n_bad), *[{}] * n_bad)
    if not fails:
        require_few_quarantined(checked, max_quarantine=0.05, source="f")
        return
    with pytest.raises(TooManyQuarantinedError, match=r"f: 2 of 20 records break the contract \(10.0%\).*record 18"):
        require_few_quarantined(checked, max_quarantine=0.05, source="f")


def test_no_records_are_not_too_many_bad_ones():
    """The share of an empty file is no division by zero."""
    require_few_quarantined(check(), max_quarantine=0, source="f")
