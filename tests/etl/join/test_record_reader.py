"""The records of a raw file are divided into events and quarantine, in file order."""

import json

import pytest

from etl.join.record_reader import read_events

GOOD = {"device_id": "a", "timestamp": "1616506124", "power": "on"}


def read(records):
    """Return the only piece of a document of records."""
    (piece,) = read_events([json.dumps({"data": records}).encode()], source="f.json", run_date="2021-03-23")
    return piece


def test_extra_fields_are_named_and_dropped():
    """A field that the contract does not know is named, also one that is called like a column of the device master."""
    piece = read([GOOD, GOOD | {"user_id": "evil", "type": 1, "fw": {}}])
    assert piece.extra_fields == {"user_id", "type", "fw"}
    assert piece.events.to_pylist() == [GOOD, GOOD]


@pytest.mark.parametrize("bad", [[0], [19], [3, 4, 11], [0, 19]])
def test_a_bad_record_among_many_keeps_its_index(bad):
    """Each bad record goes to quarantine with its index, and the events around it stay in order."""
    records = [GOOD | {"timestamp": str(1616506000 + index)} for index in range(20)]
    wrong = [record | {"power": "ON"} if index in bad else record for index, record in enumerate(records)]
    piece = read(wrong)
    assert [record.index for record in piece.quarantined] == bad
    assert piece.events.to_pylist() == [record for index, record in enumerate(records) if index not in bad]
    assert piece.n_read == 20
