"""Audit a written history before it is published, and count what happened in it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pandas as pd

from etl.contract import HISTORY_COLUMNS
from etl.errors import ChecksFailedError

UNKNOWN_TYPE = "(unknown)"


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
    """

    name: str
    severity: Literal["info", "warn", "fail"]
    passed: bool
    finding: str


def check_history(content: bytes, history: pd.DataFrame, report: dict[str, Any]) -> list[Check]:
    """Check a history against what DataJoin says that it wrote.

    Parameters
    ----------
    content
        The history's bytes as they lie in S3.
    history
        The same as a frame: one row per event and owner, every column text.
    report
        DataJoin's report (`etl.manifest.join_report`).

    Returns
    -------
    list of Check
        In reading order: those that stop a publication first.
    """
    rows, columns = report["rows"], list(history.columns)
    sha256 = hashlib.sha256(content).hexdigest()
    n_unknown_power = int((~history["power"].isin(["on", "off"])).sum()) if "power" in columns else len(history)
    checked = [
        Check(
            "content",
            "fail",
            sha256 == report["output"]["sha256"],
            f"The file's SHA-256 begins {sha256[:12]}; DataJoin wrote {report['output']['sha256'][:12]}.",
        ),
        Check("columns", "fail", columns == HISTORY_COLUMNS, f"The columns are {', '.join(columns)}."),
        Check(
            "reconciliation",
            "fail",
            len(history) == rows["written"] and _adds_up(rows),
            f"{len(history)} rows = {rows['matched']} matched + {rows['unmatched']} unmatched "
            f"+ {rows['fanned_out_extra']} for further owners; {rows['read']} records were read.",
        ),
        Check("power", "fail", n_unknown_power == 0, f"{n_unknown_power} rows are neither on nor off."),
        Check("events", "warn", rows["valid"] > 0, f"{rows['valid']} events arrived."),
    ]
    none_expected: list[tuple[str, Literal["info", "warn"], int, str]] = [
        ("quarantine", "warn", rows["quarantined"], "records broke the contract and are in quarantine."),
        ("unmatched", "warn", rows["unmatched"], "events come from devices without an owner."),
        ("several_owners", "warn", rows["fanned_out_extra"], "rows were added because devices have several owners."),
        ("types_not_text", "warn", report["devices"]["n_types_not_text"], "devices have a type that is not text."),
        ("duplicates", "info", rows["duplicates"], "events repeat an earlier one exactly."),
        ("extra_fields", "info", len(report["extra_fields"]), "fields of the raw file are unknown and were dropped."),
    ]
    return checked + [Check(name, severity, n == 0, f"{n} {what}") for name, severity, n, what in none_expected]


def checks_table(checks: Sequence[Check]) -> pd.DataFrame:
    """Return the checks as a table, one row per check."""
    return pd.DataFrame([asdict(check) for check in checks], columns=["name", "severity", "passed", "finding"])


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


def one_row_per_event(history: pd.DataFrame) -> pd.DataFrame:
    """Return the history without the rows that further owners of a device added, so that nothing counts twice.

    Parameters
    ----------
    history
        One row per event and owner. Unchanged.

    Returns
    -------
    DataFrame
        One row per event: that of the device's first owner in sort order, or the one without owner.
    """
    first_owner = history.groupby("device_id")["user_id"].transform("min")
    return history[(history["user_id"] == first_owner).fillna(value=False) | history["user_id"].isna()]


def events_by_type_and_hour(history: pd.DataFrame, *, time_zone: str) -> pd.DataFrame:
    """Count events per hour and device type.

    Parameters
    ----------
    history
        One row per event and owner; ``timestamp`` in Unix seconds.
    time_zone
        IANA name of the zone whose hours are counted.

    Returns
    -------
    DataFrame
        One row per hour with events (index ``hour``, its start in `time_zone`, ``YYYY-MM-DD HH:00``), one column per
        device type, sorted; events of devices without a type under ``(unknown)``.
    """
    events = one_row_per_event(history)
    # a damaged history is for the checks to fail, so what is no time is left out here
    seconds = pd.to_numeric(events["timestamp"], errors="coerce")
    at = pd.to_datetime(seconds, unit="s", utc=True).dt.tz_convert(time_zone)
    hour = at.dt.strftime("%Y-%m-%d %H:00").rename("hour")
    kind = events["type"].fillna(UNKNOWN_TYPE).rename("type")
    return pd.crosstab(hour, kind)


def _adds_up(rows: dict[str, int]) -> bool:
    return (
        rows["read"] == rows["valid"] + rows["quarantined"]
        and rows["valid"] == rows["matched"] + rows["unmatched"]
        and rows["written"] == rows["valid"] + rows["fanned_out_extra"]
    )
