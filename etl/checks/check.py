"""A check: the data that it looks at, its answer, and what the answers mean for the publication."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from etl.analysis.local_time import end_of_day
from etl.errors import ChecksFailedError

Severity = Literal["fail", "warn", "info"]
GRAVEST_FIRST: tuple[Severity, ...] = ("fail", "warn", "info")


@dataclass(frozen=True)
class RunData:
    """The data of a run that the checks look at.

    Attributes
    ----------
    report
        DataJoin's report (`etl.runs.manifest.join_report`).
    content, history
        The history as bytes from S3, and as a frame: one row per event and owner, every column text.
    events, until
        One row per event (`etl.analysis.events.events_of`), and the Unix time of the newest one that is not in the
        future (`etl.analysis.events.newest_event`).
    compared_hours
        One row per hour, from `etl.analysis.volume.compare_with_usual`.
    owners, health
        One row per device and owner (`etl.analysis.events.device_owners`); one row per device
        (`etl.analysis.device_health.device_health`).
    run_date, time_zone
        The run's day.
    """

    report: dict[str, Any]
    content: bytes
    history: pd.DataFrame
    events: pd.DataFrame
    until: int
    compared_hours: pd.DataFrame
    owners: pd.DataFrame
    health: pd.DataFrame
    run_date: str
    time_zone: str

    @property
    def end_of_day(self) -> int:
        """The Unix time at which the run's day ends."""
        return end_of_day(self.run_date, time_zone=self.time_zone)


@dataclass(frozen=True)
class Check:
    """The answer to one question about a run.

    Attributes
    ----------
    name
        Stable name, for alarms and searches.
    severity
        What it means if the check did not pass: ``info`` is worth knowing, ``warn`` is worth a look, ``fail`` stops the
        publication.
    passed
        The answer.
    finding
        One sentence with the figures.
    threshold
        The limit of the figures, in the unit of the notebook's parameter; None if there is no choice.
    """

    name: str
    severity: Severity
    passed: bool
    finding: str
    threshold: float | None = None


def not_passed(checks: Iterable[Check]) -> list[Check]:
    """Return the checks that did not pass, the gravest first."""
    return sorted(
        (check for check in checks if not check.passed), key=lambda check: GRAVEST_FIRST.index(check.severity)
    )


def require_passed(checks: Iterable[Check]) -> None:
    """Fail if a check of severity *fail* did not pass.

    Raises
    ------
    ChecksFailedError
        Names each failed check with its finding.
    """
    failed = [f"{check.name} ({check.finding})" for check in not_passed(checks) if check.severity == "fail"]
    if failed:
        raise ChecksFailedError(f"history: failed {', '.join(failed)}. Nothing is published.")
