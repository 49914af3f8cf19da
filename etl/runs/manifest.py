"""The record of a run: the report of the join, and the manifest, which adds checks and provenance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from etl.analysis.volume import MOST_DAYS
from etl.checks.history_checks import Check
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
    """Return what DataJoin read, counted and wrote, for CheckOutput to check against.

    Parameters
    ----------
    parameters
        The notebook's parameters by name.
    source, output
        The raw object and the history: ``bucket_name``, ``key``, ``bytes``, ``sha256``; also ``etag`` of the former.
    device_table
        The snapshot of the device table: ``table_name``, ``count``, ``sha256``, ``n_types_not_text``.
    rows
        The row counts of the run.
    unmatched
        One row per device without owner, with its ``device_id``.
    extra_fields
        Fields of the raw file that the contract does not know.
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

    It also has the number of events of each hour, so that later runs can compare without reading histories.

    Parameters
    ----------
    report
        From `join_report`.
    checks
        All checks of CheckOutput.
    events_by_hour, time_zone
        From `etl.analysis.volume.events_by_hour`, with the IANA name of its zone. The manifest has the latest hours
        only, as many as a comparison uses.
    seconds
        Wall time in seconds of each finished step, by notebook.
    provenance
        From `etl.runs.provenance.provenance`.
    """
    latest = events_by_hour.tail(24 * MOST_DAYS)
    hours = {f"{hour:{HOUR_FORMAT}}": int(n_events) for hour, n_events in latest.items()}
    return {
        **report,
        "checks": [asdict(check) for check in checks],
        "events_by_hour": {"time_zone": time_zone, "n_events": hours},
        "seconds": seconds,
        **provenance,
    }


def events_by_hour_of(manifest: dict[str, Any], *, time_zone: str) -> pd.Series | None:
    """Return the events per hour in a manifest; None if there are none, or those of another time zone."""
    counts = manifest.get("events_by_hour", {})
    if counts.get("time_zone") != time_zone or not counts.get("n_events"):
        return None
    hours = pd.to_datetime(list(counts["n_events"]), format=HOUR_FORMAT)
    return pd.Series(list(counts["n_events"].values()), index=hours.rename("hour"), name="n_events")
