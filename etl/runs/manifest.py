"""The record of a run: the join's report, and the manifest that adds the checks to it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from etl.analysis.volume import MAX_DAYS
from etl.checks.check import Check
from etl.contract.row_counts import RowCounts

HOUR_FORMAT = "%Y-%m-%d %H:00"


def join_report(
    *,
    parameters: dict[str, Any],
    source: dict[str, Any],
    device_table: dict[str, Any],
    rows: RowCounts,
    unmatched: pd.DataFrame,
    extra_fields: Sequence[str],
    output: dict[str, Any],
) -> dict[str, Any]:
    """Return the report of what DataJoin read, counted and wrote, against which CheckOutput checks the history.

    Parameters
    ----------
    parameters
        The notebook's parameters by name.
    source, output
        The raw object and the history: ``bucket_name``, ``key``, ``bytes``, ``sha256``; the raw object has an ``etag``.
    device_table
        The snapshot of the master table: ``table_name``, ``count``, ``sha256``, ``n_types_not_text``.
    rows, unmatched, extra_fields
        The counts of the run, one row per device without owner, and the fields that the contract does not know, from
        `etl.join.join_file.join_file`.
    """
    return {
        "parameters": parameters,
        "input": source,
        "devices": device_table,
        "rows": rows.to_dict(),
        "unmatched_devices": unmatched["device_id"].tolist(),
        "extra_fields": list(extra_fields),
        "output": output,
    }


def manifest(
    report: dict[str, Any],
    checks: Sequence[Check],
    *,
    events_by_hour: pd.Series,
    time_zone: str,
    seconds: dict[str, float],
    provenance: dict[str, Any],
) -> dict[str, Any]:
    """Return the manifest of a run: its join report with checks, seconds per finished step, and provenance.

    Parameters
    ----------
    report
        From `join_report`.
    checks
        All checks of the run.
    events_by_hour
        From `etl.analysis.volume.events_by_hour`. The manifest has the latest hours, as many as a comparison looks
        back, so that the runs of the next days need not read histories.
    time_zone
        The zone of these hours.
    seconds
        Wall time in seconds of each finished step, by notebook.
    provenance
        From `etl.runs.provenance.provenance`.
    """
    latest = events_by_hour.tail(24 * MAX_DAYS)
    n_events = {f"{hour:{HOUR_FORMAT}}": int(n) for hour, n in latest.items()}
    return {
        **report,
        "checks": [asdict(check) for check in checks],
        "events_by_hour": {"time_zone": time_zone, "n_events": n_events},
        "seconds": seconds,
        **provenance,
    }


def events_by_hour_of(manifest: dict[str, Any], *, time_zone: str) -> pd.Series | None:
    """Return the events per hour from a manifest; None if it has none, or those of another zone."""
    counts = manifest.get("events_by_hour", {})
    if counts.get("time_zone") != time_zone or not counts.get("n_events"):
        return None
    hours = pd.to_datetime(list(counts["n_events"]), format=HOUR_FORMAT)
    return pd.Series(list(counts["n_events"].values()), index=hours.rename("hour"), name="n_events")


def to_json(value: Any) -> bytes:
    """Return `value` as indented JSON in UTF-8 that ends with a line feed; the same value gives the same bytes."""
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()
