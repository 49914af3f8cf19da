"""Records as machines write them are read a column at a time, all of them: else the join is right, but slow."""

import json

import pytest

from etl.contract.record import time_bounds
from etl.join.columnar_parser import AlikeReader

BOUNDS = time_bounds("2021-03-23")
RECORDS = [
    {"device_id": f"device_{number:0{width}}", "timestamp": str(1616425200 + number), "power": power}
    for number, (width, power) in enumerate([(4, "on"), (4, "off"), (7, "on"), (4, "off"), (4, "on")])
]


def written(records, form, **how):
    """Return the inside of a document's list, or JSON Lines."""
    if form == "document":
        return json.dumps(records, **how)[1:-1].encode()
    return "".join(json.dumps(record, **how) + "\n" for record in records).encode()


@pytest.mark.parametrize("form", ["document", "lines"])
@pytest.mark.parametrize("separators", [(", ", ": "), (",", ":"), (" , ", " : ")])
@pytest.mark.parametrize("keys", [("device_id", "timestamp", "power"), ("power", "device_id", "timestamp")])
@pytest.mark.parametrize("n_records", [3, 5])
def test_reads_every_record_but_the_last(form, separators, keys, n_records):
    """Whatever the blanks, the order of keys and the lengths of ids; what follows the last one may change it."""
    records = [{key: record[key] for key in keys} for record in RECORDS[:n_records]]
    text = written([*records, records[0]], form, separators=separators)
    alike = AlikeReader(form, BOUNDS).read(text, after_record=False)
    assert alike is not None
    assert alike.others == []
    assert alike.events.to_pylist() == RECORDS[:n_records]


def test_hands_the_others_back_byte_by_byte():
    """A record that breaks the contract, and one that only looks odd, are for the contract to judge."""
    records = [*RECORDS, RECORDS[0] | {"power": "ON"}, RECORDS[1] | {"timestamp": 1616425201}, *RECORDS]
    text = written([*records, RECORDS[0]], "document")
    alike = AlikeReader("document", BOUNDS).read(text, after_record=False)
    assert [text[begin:end].decode() for _place, begin, end in alike.others] == [json.dumps(r) for r in records[5:7]]
    assert alike.events.num_rows + len(alike.others) == alike.n_stretches
