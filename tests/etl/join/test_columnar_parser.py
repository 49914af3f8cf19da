"""The columnar parser parses all records that have one layout; without it the join would be right, but slow."""

import json

import pytest

from etl.contract.record import time_bounds
from etl.join.columnar_parser import ColumnarParser

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
def test_parses_every_record_but_the_last(form, separators, keys, n_records):
    """Parses records of any blanks, order of keys and length of ids, but not the last one, which may go on."""
    records = [{key: record[key] for key in keys} for record in RECORDS[:n_records]]
    text = written([*records, records[0]], form, separators=separators)
    parsed = ColumnarParser(form, BOUNDS).parse(text, after_record=False)
    assert parsed is not None
    assert parsed.unparsed == []
    assert parsed.events.to_pylist() == RECORDS[:n_records]


def test_returns_the_positions_of_other_records():
    """Returns, byte by byte, a record that breaks the contract and a valid one of another layout."""
    records = [*RECORDS, RECORDS[0] | {"power": "ON"}, RECORDS[1] | {"timestamp": 1616425201}, *RECORDS]
    text = written([*records, RECORDS[0]], "document")
    parsed = ColumnarParser("document", BOUNDS).parse(text, after_record=False)
    assert [text[begin:end].decode() for _nth, begin, end in parsed.unparsed] == [json.dumps(r) for r in records[5:7]]
    assert parsed.events.num_rows + len(parsed.unparsed) == parsed.n_spans
