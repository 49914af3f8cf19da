"""What a run records about itself: the join's report, and the manifest that completes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from etl.checks import Check
from etl.row_counts import RowCounts


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
        One row per device without owner, as `etl.join.unmatched_devices` lists them.
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
    report: dict[str, Any], checks: Sequence[Check], *, seconds: dict[str, float], provenance: dict[str, Any]
) -> dict[str, Any]:
    """Return the manifest of a run: its join report with the checks, the seconds per finished step and its provenance.

    Parameters
    ----------
    report
        As `join_report` made it.
    checks
        What CheckOutput found.
    seconds
        Wall time in seconds of each finished step, by notebook; the step that writes the manifest is not over yet.
    provenance
        As `etl.provenance.provenance` returns it.
    """
    return {**report, "checks": [asdict(check) for check in checks], "seconds": seconds, **provenance}
