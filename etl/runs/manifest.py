"""What a run records about itself: the join's report, and the manifest that completes it."""

from __future__ import annotations

import json
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
    source
        The raw object: ``bucket_name``, ``key``, ``etag``, ``bytes``, ``sha256``.
    device_table
        The snapshot of the master table: ``table_name``, ``count``, ``sha256``, ``n_types_not_text``.
    rows
        The counts of the run.
    unmatched
        One row per device without owner, as `etl.join.unmatched_devices.UnmatchedDevices.table` lists them.
    extra_fields
        Fields of the raw file that the contract does not know.
    output
        The history: ``bucket_name``, ``key``, ``bytes``, ``sha256``.
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
    """Return the manifest of a run: its join report with the checks, the seconds per finished step and its provenance.

    It also says how many events each hour had, so that the runs of the next days can compare without reading histories.

    Parameters
    ----------
    report
        As `join_report` made it.
    checks
        What CheckOutput found.
    events_by_hour
        From `etl.analysis.volume.events_by_hour`; the latest hours are kept, as many as a comparison looks back.
    time_zone
        The zone whose hours they are.
    seconds
        Wall time in seconds of each finished step, by notebook; the step that writes the manifest is not over yet.
    provenance
        As `etl.runs.provenance.provenance` returns it.
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
    """Return the events per hour that a manifest tells of; None if of none, or of the hours of another zone."""
    told = manifest.get("events_by_hour", {})
    if told.get("time_zone") != time_zone or not told.get("n_events"):
        return None
    hours = pd.to_datetime(list(told["n_events"]), format=HOUR_FORMAT)
    return pd.Series(list(told["n_events"].values()), index=hours.rename("hour"), name="n_events")


def to_json(value: Any) -> bytes:
    """Return `value` as indented JSON in UTF-8 that ends with a line feed; the same value gives the same bytes."""
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()
