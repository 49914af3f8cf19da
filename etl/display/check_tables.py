"""The checks of a run for people: tables and a summary for the notebook, lines for the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from etl.checks.check import GRAVEST_FIRST, Check, not_passed
from etl.display.preview_table import PreviewTable
from etl.formatting import quantity

MAX_FINDING = 400  # longer than any finding, in which text from outside is cut already
NOUNS = {"fail": "failure", "warn": "warning", "info": "note"}


def reconciliation_table(report: dict[str, Any]) -> PreviewTable:
    """Return the row counts of a run: one row per count, with its share of the records read in per cent."""
    rows = report["rows"]
    table = pd.DataFrame({"n_rows": rows.values()}, index=pd.Index(rows, name="count"))
    return PreviewTable(table.assign(percent_of_read=(100 * table["n_rows"] / max(rows["read"], 1)).round(1)))


def checks_table(checks: Sequence[Check]) -> PreviewTable:
    """Return the checks: one row per check, with an empty threshold for a check without a choice."""
    table = pd.DataFrame([asdict(check) for check in checks])
    table = table.assign(threshold=[f"{number:g}" if pd.notna(number) else "" for number in table["threshold"]])
    columns = ["name", "severity", "passed", "threshold", "finding"]
    return PreviewTable(table[columns], max_rows=len(table), max_text=MAX_FINDING)


class ChecksSummary:
    """What a notebook shows of the checks first: one sentence, and the checks that did not pass, the gravest first.

    Parameters
    ----------
    checks
        All checks of the run.

    Examples
    --------
    >>> ChecksSummary([Check("power", "fail", True, "0 rows."), Check("gaps", "warn", False, "1 gap.")])
    May be published: 1 of 2 checks passed, 1 warning.
      severity  name finding
    0     warn  gaps  1 gap.
    """

    def __init__(self, checks: Sequence[Check]) -> None:
        failed = not_passed(checks)
        severities = [check.severity for check in failed]
        counts = [(severities.count(severity), NOUNS[severity]) for severity in GRAVEST_FIRST]
        parts = [_n_passed(checks), *(quantity(n, noun) for n, noun in counts if n)]
        self.sentence = f"{'Must not' if 'fail' in severities else 'May'} be published: {', '.join(parts)}."
        table = pd.DataFrame([asdict(check) for check in failed], columns=["severity", "name", "finding"])
        self._table = PreviewTable(table, max_rows=len(table), max_text=MAX_FINDING) if failed else None

    def _repr_html_(self) -> str:
        # the sentence consists of our words and numbers; pandas escapes text from outside, which is in the table
        return f"<p><strong>{self.sentence}</strong></p>" + (self._table.to_html() if self._table else "")

    def __repr__(self) -> str:
        return f"{self.sentence}\n{self._table}" if self._table else self.sentence


def finding_lines(checks: Sequence[Check]) -> list[str]:
    """Return a line for the command line about all checks, and one for each that did not pass.

    Examples
    --------
    >>> finding_lines([Check("gaps", "warn", False, "1 gap.")])
    ['0 of 1 checks passed.', '  warn  gaps             1 gap.']
    """
    findings = [f"  {check.severity}  {check.name:<16} {check.finding}" for check in not_passed(checks)]
    return [f"{_n_passed(checks)}.", *findings]


def _n_passed(checks: Sequence[Check]) -> str:
    return f"{sum(check.passed for check in checks)} of {len(checks)} checks passed"
