"""Rows of the history become the same CSV bytes, whichever writer makes them."""

import pandas as pd
import pyarrow as pa
import pytest

from etl.contract.columns import HISTORY_COLUMNS
from etl.contract.history_csv import header, to_csv
from etl.join.csv_lines import to_lines

ROW = {"device_id": "d", "timestamp": "1616506124", "power": "on", "user_id": "u", "type": "エアコン"}


def frame(**cells):
    """Return a history of one row."""
    return pd.DataFrame([ROW | cells], columns=HISTORY_COLUMNS, dtype="str")


def table(history):
    """Return a history as the table of Arrow that the join makes."""
    return pa.table({name: pa.array(history[name], pa.large_string()) for name in HISTORY_COLUMNS})


@pytest.mark.parametrize(
    "text",
    ["plain", "=1+1", "+1", "-1", "@a", "\tb", "\rc", "a,b", 'say "x"', "=a,b", "two\nlines", "", " ", "エアコン"],
)
@pytest.mark.parametrize("column", ["device_id", "user_id", "type"])
def test_the_fast_writer_gives_the_same_bytes(column, text):
    """Arrow's writer and the contract's own writer give the same bytes for each kind of cell."""
    history = pd.concat([frame(), frame(**{column: text}), frame(type=None)])
    assert header() + to_lines(table(history)) == to_csv(history)


def test_the_fast_writer_writes_nothing_for_nothing():
    """A history without rows gives no bytes."""
    assert to_lines(table(frame().iloc[:0])) == b""
