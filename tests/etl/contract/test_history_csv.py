"""The history is written as CSV that is the same everywhere, and of which no cell runs in a spreadsheet."""

import csv
import io

import pandas as pd
import pytest

from etl.contract.columns import HISTORY_COLUMNS
from etl.contract.history_csv import from_csv, to_csv

ROW = {"device_id": "d", "timestamp": "1616506124", "power": "on", "user_id": "u", "type": "エアコン"}


def frame(**cells):
    """Return a history of one row."""
    return pd.DataFrame([ROW | cells], columns=HISTORY_COLUMNS, dtype="str")


def test_writes_utf8_with_line_feeds_and_minimal_quoting():
    """One row gives the header, its cells with commas, and a line feed, with a byte order mark if asked for."""
    expected = "device_id,timestamp,power,user_id,type\nd,1616506124,on,u,エアコン\n"
    assert to_csv(frame()) == expected.encode()
    assert to_csv(frame(), encoding="utf-8-sig") == b"\xef\xbb\xbf" + expected.encode()


def test_an_empty_history_is_a_header():
    """A day without events gives a file with the columns' names only."""
    assert to_csv(frame().iloc[:0]) == b"device_id,timestamp,power,user_id,type\n"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
@pytest.mark.parametrize("column", ["device_id", "user_id", "type"])
def test_a_formula_becomes_text(column, start):
    """A cell that a spreadsheet would run gets an apostrophe in front, in each column of foreign text."""
    text = to_csv(frame(**{column: start + "HYPERLINK(1)"})).decode()
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row[column] == "'" + start + "HYPERLINK(1)"


@pytest.mark.parametrize("text", ["a,b", 'say "x"', "two\nlines", "cr\rhere", "<script>", "../../x", "NA", "null", " "])
def test_text_comes_back_as_it_was(text):
    """An id with commas, quotes or line ends is written as one cell and read back unchanged."""
    history = frame(device_id=text)
    pd.testing.assert_frame_equal(from_csv(to_csv(history)), history)


def test_nulls_are_empty_and_come_back_as_nulls():
    """The event of a device without owner has two empty cells, which are read back as nulls."""
    history = frame(user_id=None, type=None)
    assert to_csv(history).endswith(b"d,1616506124,on,,\n")
    pd.testing.assert_frame_equal(from_csv(to_csv(history, encoding="utf-8-sig")), history)
