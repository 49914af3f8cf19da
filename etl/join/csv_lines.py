"""Rows of the history as CSV, fast: the same bytes as `etl.contract.history_csv.to_csv`, without its header."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from etl.contract import history_csv
from etl.contract.columns import FOREIGN_TEXT_COLUMNS, HISTORY_COLUMNS

_STARTS_FORMULA = np.isin(np.arange(256), [ord(start) for start in history_csv.FORMULA_STARTS])
_FORMULA_BYTES = pa.array([start.encode() for start in history_csv.FORMULA_STARTS], pa.large_binary())
_APOSTROPHE, _NOTHING = pa.scalar("'", pa.large_string()), pa.scalar("", pa.large_string())
_OPTIONS = csv.WriteOptions(include_header=False, quoting_style="none", batch_size=65_536)


def to_lines(history: pa.Table) -> bytes:
    r"""Write rows as CSV lines in UTF-8.

    Arrow's writer without quoting refuses a cell that needs quotes; then the contract's own writer writes these rows.

    Parameters
    ----------
    history
        One row per event and owner, as `etl.join.owners.join_devices` returns it. Unchanged.

    Examples
    --------
    >>> row = {"device_id": "=1+1", "timestamp": "1616506124", "power": "on", "user_id": None, "type": None}
    >>> to_lines(pa.table([pa.array([cell], pa.large_string()) for cell in row.values()], names=list(row)))
    b"'=1+1,1616506124,on,,\n"
    """
    safe = [_neutralised(history[name].combine_chunks(), name) for name in HISTORY_COLUMNS]
    sink = pa.BufferOutputStream()
    try:
        csv.write_csv(pa.table(safe, names=HISTORY_COLUMNS), sink, _OPTIONS)
    except pa.ArrowInvalid:
        return history_csv.to_lines(zip(*(history[name].to_pylist() for name in HISTORY_COLUMNS), strict=True))
    lines: bytes = sink.getvalue().to_pybytes()
    return lines


def _neutralised(column: pa.LargeStringArray, name: str) -> pa.LargeStringArray:
    """Return a column with an apostrophe in front of each cell that a spreadsheet would run."""
    if name not in FOREIGN_TEXT_COLUMNS or not len(column):
        return column
    offsets = np.frombuffer(column.buffers()[1], np.int64)[column.offset :][: len(column) + 1]
    text = np.frombuffer(column.buffers()[2] or b"", np.uint8)
    begins = offsets[:-1][offsets[1:] > offsets[:-1]]
    if not _STARTS_FORMULA[text[begins]].any():
        return column
    is_formula = pc.is_in(pc.binary_slice(pc.cast(column, pa.large_binary()), 0, 1), _FORMULA_BYTES)
    return pc.if_else(is_formula, pc.binary_join_element_wise(_APOSTROPHE, column, _NOTHING), column)
