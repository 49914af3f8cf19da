"""The verdict on a run: whether it may be published, and what the checks found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from etl.checks.history_checks import Check
from etl.display.preview_table import Table
from etl.formatting import counted

LONGEST_FINDING = 400  # what comes from outside is short in it already
ORDER = ("fail", "warn", "info")


class Verdict:
    """What a notebook shows of the checks first: one sentence, and those that did not pass, the gravest first.

    Parameters
    ----------
    checks
        All checks of the run.

    Examples
    --------
    >>> Verdict([Check("power", "fail", True, "0 rows."), Check("gaps", "warn", False, "1 gap.")])
    May be published: 1 of 2 checks passed, 1 warning.
      severity  name finding
    0     warn  gaps  1 gap.
    """

    def __init__(self, checks: Sequence[Check]) -> None:
        self.sentence = _sentence(checks)
        found = not_passed([asdict(check) for check in checks])
        self._found = (
            Table(pd.DataFrame(found, columns=["severity", "name", "finding"]), longest_text=LONGEST_FINDING)
            if found
            else None
        )

    def _repr_html_(self) -> str:
        # the sentence holds figures only; what comes from outside stands in the table, which pandas escapes
        return f"<p><strong>{self.sentence}</strong></p>" + (self._found.to_html() if self._found else "")

    def __repr__(self) -> str:
        return "\n".join([self.sentence, *([repr(self._found)] if self._found else [])])


def not_passed(checks: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the checks, as a manifest has them, that did not pass, the gravest first."""
    return sorted((check for check in checks if not check["passed"]), key=lambda check: ORDER.index(check["severity"]))


def finding_lines(checks: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a line for the command line about the checks of a manifest, and one for each that did not pass.

    Examples
    --------
    >>> finding_lines([{"name": "gaps", "severity": "warn", "passed": False, "finding": "1 gap."}])
    ['0 of 1 checks passed.', '  warn  gaps             1 gap.']
    """
    n_passed = sum(check["passed"] for check in checks)
    found = [f"  {check['severity']}  {check['name']:<16} {check['finding']}" for check in not_passed(checks)]
    return [f"{n_passed} of {len(checks)} checks passed.", *found]


def _sentence(checks: Sequence[Check]) -> str:
    failed = {severity: sum(not c.passed and c.severity == severity for c in checks) for severity in ORDER}
    parts = [f"{sum(check.passed for check in checks)} of {len(checks)} checks passed"]
    parts += [counted(failed["fail"], "failure")] * (failed["fail"] > 0)
    parts += [counted(failed["warn"], "warning")] * (failed["warn"] > 0)
    parts += [counted(failed["info"], "note")] * (failed["info"] > 0)
    return f"{'Must not be published' if failed['fail'] else 'May be published'}: {', '.join(parts)}."
