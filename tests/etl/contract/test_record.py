"""The contract accepts a valid record, and names the field at fault of any other."""

import pytest

from etl.contract.record import RepeatedKeys, first_fault, time_bounds

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
def test_accepts_a_valid_value(field, value):
    """A value at the edge of what the contract allows is no fault."""
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
def test_names_the_field_at_fault(record, field, reason):
    """A record that breaks the contract gives the field at fault and what was expected."""
    fault = first_fault(record, BOUNDS)
    assert fault is not None
    assert fault[0] == field
    assert reason in fault[1]


def test_a_repeated_key_breaks_the_contract():
    """Neither of the two values of a repeated key is used."""
    record = RepeatedKeys(GOOD)
    record.repeated = ["power"]
    assert first_fault(record, BOUNDS) == (
        "record",
        "key 'power' stands more than once; expected each key once",
    )
