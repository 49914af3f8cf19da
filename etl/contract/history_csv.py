"""The history as CSV bytes, and back."""

from __future__ import annotations

import io

import pandas as pd

from etl.contract.record import HISTORY_COLUMNS

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
    safe = history[HISTORY_COLUMNS].apply(_neutralise)
    text: str = safe.to_csv(index=False, lineterminator="\n")
    if "\r" in text:
        # whether Python's csv module quotes a carriage return depends on its version; the bytes must not
        rows = [HISTORY_COLUMNS, *safe.fillna("").itertuples(index=False)]
        text = "".join(",".join(map(_cell, row)) + "\n" for row in rows)
    return text.encode(encoding)


def from_csv(body: bytes) -> pd.DataFrame:
    """Read what `to_csv` wrote, in either encoding; every column is text, empty cells are nulls."""
    return pd.read_csv(io.BytesIO(body), dtype="str", keep_default_na=False, na_values=[""], encoding="utf-8-sig")


def _cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\r\n') else text


def _neutralise(column: pd.Series) -> pd.Series:
    is_formula = column.str.startswith(FORMULA_STARTS).fillna(value=False).astype(bool)
    return column.where(~is_formula, "'" + column) if is_formula.any() else column
