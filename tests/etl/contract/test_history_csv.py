"""The same frame gives the same bytes, and no cell runs in a spreadsheet."""

import csv
import io

import pandas as pd
import pytest

from etl.contract.history_csv import from_csv, to_csv
from etl.contract.record import HISTORY_COLUMNS
from etl.join.csv_lines import to_lines

ROW = {"device_id": "d", "timestamp": "1616506124", "power": "on", "user_id": "u", "type": "エアコン"}


def frame(**cells):
    """Return a history of one row."""
    return pd.DataFrame([ROW | cells], columns=HISTORY_COLUMNS, dtype="str")


def test_writes_utf8_with_line_feeds_and_minimal_quoting():
    """The bytes of one row, written out."""
    expected = "device_id,timestamp,power,user_id,type\nd,1616506124,on,u,エアコン\n"
    assert to_csv(frame()) == expected.encode()
    assert to_csv(frame(), encoding="utf-8-sig") == b"\xef\xbb\xbf" + expected.encode()


def test_an_empty_history_is_a_header():
    """A day without events still says what its columns are."""
    assert to_csv(frame().iloc[:0]) == b"device_id,timestamp,power,user_id,type\n"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
@pytest.mark.parametrize("column", ["device_id", "user_id", "type"])
def test_a_formula_becomes_text(column, start):
    """A cell that a spreadsheet would run gets an apostrophe in front."""
    text = to_csv(frame(**{column: start + "HYPERLINK(1)"})).decode()
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row[column] == "'" + start + "HYPERLINK(1)"


@pytest.mark.parametrize("text", ["a,b", 'say "x"', "two\nlines", "cr\rhere", "<script>", "../../x", "NA", "null", " "])
def test_text_comes_back_as_it_was(text):
    """Whatever an id holds, it is one cell again when it is read."""
    history = frame(device_id=text)
    pd.testing.assert_frame_equal(from_csv(to_csv(history)), history)


def test_nulls_are_empty_and_come_back_as_nulls():
    """A device without owner leaves two cells empty."""
    history = frame(user_id=None, type=None)
    assert to_csv(history).endswith(b"d,1616506124,on,,\n")
    pd.testing.assert_frame_equal(from_csv(to_csv(history, encoding="utf-8-sig")), history)


@pytest.mark.parametrize(
    "text",
    ["plain", "=1+1", "+1", "-1", "@a", "\tb", "\rc", "a,b", 'say "x"', "=a,b", "two\nlines", "", " ", "エアコン"],
)
@pytest.mark.parametrize("column", ["device_id", "user_id", "type"])
def test_the_fast_writer_gives_the_same_bytes(column, text):
    """Whether it writes a cell itself or leaves it to pandas."""
    history = pd.concat([frame(), frame(**{column: text}), frame(type=None)])
    header = b"device_id,timestamp,power,user_id,type\n"
    assert header + to_lines(history) == to_csv(history)


def test_the_fast_writer_writes_nothing_for_nothing():
    """No rows, no bytes."""
    assert to_lines(frame().iloc[:0]) == b""
