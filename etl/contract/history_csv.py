"""The history as CSV bytes, and back."""

from __future__ import annotations

import io
from collections.abc import Iterable

import pandas as pd

from etl.contract.columns import HISTORY_COLUMNS

# Cells that begin like this run as a formula in a spreadsheet. Source: OWASP, "CSV Injection".
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def header(*, encoding: str = "utf-8") -> bytes:
    r"""Return the first line of every history.

    Examples
    --------
    >>> header()
    b'device_id,timestamp,power,user_id,type\n'
    """
    return (",".join(HISTORY_COLUMNS) + "\n").encode(encoding)


def to_csv(history: pd.DataFrame, *, encoding: str = "utf-8") -> bytes:
    r"""Write the history as CSV: LF, minimal quoting, columns and rows in their order, nulls empty.

    A text cell that a spreadsheet would run as a formula gets an apostrophe in front, as spreadsheets themselves
    write such text. The same frame always gives the same bytes.

    Parameters
    ----------
    history
        One row per event and owner, as `etl.join.owners.join_devices` returns it. Unchanged.
    encoding
        ``utf-8``, or ``utf-8-sig`` (with byte order mark) for spreadsheets that need one.

    Examples
    --------
    >>> row = {"device_id": "=1+1", "timestamp": "1616506124", "power": "on", "user_id": None, "type": None}
    >>> to_csv(pd.DataFrame([row]))
    b"device_id,timestamp,power,user_id,type\n'=1+1,1616506124,on,,\n"
    """
    rows = history[HISTORY_COLUMNS].astype("object").fillna("").itertuples(index=False)
    return header(encoding=encoding) + to_lines(rows)


def to_lines(rows: Iterable[Iterable[str | None]]) -> bytes:
    """Return rows as CSV lines, without header; `etl.join.csv_lines` gives the same bytes, faster."""
    return "".join(",".join(map(_cell, row)) + "\n" for row in rows).encode()


def from_csv(body: bytes) -> pd.DataFrame:
    """Read what `to_csv` wrote, in either encoding; every column is text, empty cells are nulls."""
    return pd.read_csv(io.BytesIO(body), dtype="str", keep_default_na=False, na_values=[""], encoding="utf-8-sig")


def _cell(value: str | None) -> str:
    # not Python's csv module: whether it quotes a carriage return depends on its version
    text = value or ""
    if text.startswith(FORMULA_STARTS):
        text = "'" + text
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\r\n') else text
