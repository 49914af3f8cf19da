"""Audit a written history before it is published, and count what happened in it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pandas as pd

from etl.analysis.events import WHOLE_SECONDS
from etl.contract.columns import HISTORY_COLUMNS
from etl.errors import ChecksFailedError
from etl.formatting import counted, cut, named

SEVERITIES = Literal["info", "warn", "fail"]


@dataclass(frozen=True)
class Check:
    """One question asked of a history, and its answer.

    Attributes
    ----------
    name
        Stable name, for alarms and searches.
    severity
        What a "no" means: ``info`` is worth knowing, ``warn`` worth a look, ``fail`` stops the publication.
    passed
        The answer.
    finding
        One sentence with the figures.
    threshold
        What the figures were held against, in the unit of the notebook's parameter; None where there is no choice.
    """

    name: str
    severity: SEVERITIES
    passed: bool
    finding: str
    threshold: float | None = None


def check_history(content: bytes, history: pd.DataFrame, report: dict[str, Any]) -> list[Check]:
    """Check that a history is what DataJoin says that it wrote, and keeps to its columns and values.

    Parameters
    ----------
    content
        The history's bytes as they lie in S3.
    history
        The same as a frame: one row per event and owner, every column text.
    report
        DataJoin's report (`etl.runs.manifest.join_report`).

    Returns
    -------
    list of Check
        In reading order: those that stop a publication first.
    """
    rows, columns = report["rows"], list(history.columns)
    sha256 = hashlib.sha256(content).hexdigest()
    n_unknown_power = _n_other_than(history, "power", "on|off")
    n_unknown_time = _n_other_than(history, "timestamp", WHOLE_SECONDS)
    n_types, n_fields = report["devices"]["n_types_not_text"], len(report["extra_fields"])
    return [
        Check(
            "content",
            "fail",
            sha256 == report["output"]["sha256"],
            f"The file's SHA-256 begins {sha256[:12]}; DataJoin wrote {report['output']['sha256'][:12]}.",
        ),
        Check("columns", "fail", columns == HISTORY_COLUMNS, f"The columns are {cut(', '.join(columns))}."),
        Check(
            "reconciliation",
            "fail",
            len(history) == rows["written"] and _adds_up(rows),
            f"{counted(len(history), 'row')} = {rows['matched']:,} matched + {rows['unmatched']:,} unmatched "
            f"+ {rows['fanned_out_extra']:,} for further owners; {counted(rows['read'], 'record was', 'records were')} "
            "read.",
        ),
        Check("power", "fail", n_unknown_power == 0, f"{_rows_are(n_unknown_power)} neither on nor off."),
        Check("timestamps", "fail", n_unknown_time == 0, f"{_rows_are(n_unknown_time)} without a time in seconds."),
        Check(
            "types_not_text",
            "warn",
            n_types == 0,
            f"{counted(n_types, 'device has', 'devices have')} a type that is not text.",
        ),
        Check(
            "extra_fields",
            "info",
            n_fields == 0,
            f"{counted(n_fields, 'field')} of the raw file {'is' if n_fields == 1 else 'are'} unknown and dropped"
            f"{named(report['extra_fields'])}.",
        ),
    ]


def checks_table(checks: Sequence[Check]) -> pd.DataFrame:
    """Return the checks as a table of text, one row per check; no threshold is an empty one."""
    table = pd.DataFrame([asdict(check) for check in checks])
    return table.assign(threshold=[f"{number:g}" if pd.notna(number) else "" for number in table["threshold"]])[
        ["name", "severity", "passed", "threshold", "finding"]
    ]


def require_passed(checks: Sequence[Check]) -> None:
    """Fail when a check of severity *fail* did not pass.

    Raises
    ------
    ChecksFailedError
        Names each failed check with its finding.
    """
    failed = [f"{check.name} ({check.finding})" for check in checks if check.severity == "fail" and not check.passed]
    if failed:
        raise ChecksFailedError(f"history: failed {', '.join(failed)}. Nothing is published.")


def reconciliation_table(report: dict[str, Any]) -> pd.DataFrame:
    """Return the row counts of a run as a table: one row per count, with its share of the records read in per cent."""
    rows = report["rows"]
    table = pd.DataFrame({"n_rows": rows.values()}, index=pd.Index(rows, name="count"))
    return table.assign(percent_of_read=(100 * table["n_rows"] / max(rows["read"], 1)).round(1))


def _adds_up(rows: dict[str, int]) -> bool:
    return (
        rows["read"] == rows["valid"] + rows["quarantined"]
        and rows["valid"] == rows["matched"] + rows["unmatched"]
        and rows["written"] == rows["valid"] + rows["fanned_out_extra"]
    )


def _n_other_than(history: pd.DataFrame, column: str, pattern: str) -> int:
    """Return in how many rows a column is anything else than the pattern says; all of them, if there is no column."""
    if column not in history.columns:
        return len(history)
    return len(history) - int(history[column].astype("str").str.fullmatch(pattern).fillna(value=False).sum())


def _rows_are(n: int) -> str:
    return counted(n, "row is", "rows are")
