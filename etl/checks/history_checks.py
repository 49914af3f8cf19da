"""Is the history the one that DataJoin wrote, with its columns and values: most of these checks stop a publication."""

from __future__ import annotations

import hashlib

import pandas as pd

from etl.analysis.events import WHOLE_SECONDS
from etl.checks.check import Check, RunData
from etl.contract.columns import HISTORY_COLUMNS
from etl.formatting import quantity, quoted_names, truncate


def content(data: RunData) -> Check:
    """Check that the history's bytes are those that DataJoin wrote."""
    sha256, written = hashlib.sha256(data.content).hexdigest(), data.report["output"]["sha256"]
    finding = f"The file's SHA-256 begins {sha256[:12]}; DataJoin wrote {written[:12]}."
    return Check("content", "fail", sha256 == written, finding)


def columns(data: RunData) -> Check:
    """Check the columns and their order."""
    names = list(data.history.columns)
    return Check("columns", "fail", names == HISTORY_COLUMNS, f"The columns are {truncate(', '.join(names))}.")


def reconciliation(data: RunData) -> Check:
    """Check that every record that was read is accounted for.

    The counts of the report add up if each record read is valid or in quarantine, each event is matched or unmatched,
    and each written row is an event's first or one for a further owner.
    """
    rows, n_rows = data.report["rows"], len(data.history)
    records = quantity(rows["read"], "record was", "records were")
    events = rows["matched"] + rows["unmatched"]
    adds_up = rows["read"] == rows["valid"] + rows["quarantined"] and rows["valid"] == events
    finding = (
        f"{quantity(n_rows, 'row')} = {rows['matched']:,} matched + {rows['unmatched']:,} unmatched "
        f"+ {rows['fanned_out_extra']:,} for further owners; {records} read."
    )
    passed = adds_up and n_rows == rows["written"] == events + rows["fanned_out_extra"]
    return Check("reconciliation", "fail", passed, finding)


def power(data: RunData) -> Check:
    """Check that the power of every row is on or off."""
    n = _n_not_matching(data.history, "power", "on|off")
    return Check("power", "fail", n == 0, f"{quantity(n, 'row is', 'rows are')} neither on nor off.")


def timestamps(data: RunData) -> Check:
    """Check that every row has a time in whole seconds."""
    n = _n_not_matching(data.history, "timestamp", WHOLE_SECONDS)
    return Check("timestamps", "fail", n == 0, f"{quantity(n, 'row is', 'rows are')} without a time in seconds.")


def types_not_text(data: RunData) -> Check:
    """Check that the type of every device in the device table is text."""
    n = data.report["devices"]["n_types_not_text"]
    finding = f"{quantity(n, 'device has', 'devices have')} a type that is not text."
    return Check("types_not_text", "warn", n == 0, finding)


def extra_fields(data: RunData) -> Check:
    """Check that the raw file has no field that the contract does not know."""
    fields = data.report["extra_fields"]
    unknown = (
        f"{quantity(len(fields), 'field')} of the raw file {'is' if len(fields) == 1 else 'are'} unknown and dropped"
    )
    return Check("extra_fields", "info", not fields, f"{unknown}{quoted_names(fields)}.")


def _n_not_matching(history: pd.DataFrame, column: str, pattern: str) -> int:
    """Return how many rows have no value that matches the pattern in full: all of them if the column is missing."""
    if column not in history.columns:
        return len(history)
    return len(history) - int(history[column].astype("str").str.fullmatch(pattern).fillna(value=False).sum())
