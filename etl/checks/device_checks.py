"""Is it sane: checks of whose devices they are, and of how they behave."""

from __future__ import annotations

from typing import Any

import pandas as pd

from etl.analysis.device_health import silent_devices, stuck_devices
from etl.checks.history_checks import Check
from etl.formatting import counted, duration, named, share


def check_owners(
    report: dict[str, Any], owners: pd.DataFrame, *, max_unmatched: float, max_shared_devices: int
) -> list[Check]:
    """Check whose devices the events come from.

    Parameters
    ----------
    report
        DataJoin's report (`etl.runs.manifest.join_report`).
    owners
        One row per device and owner, from `etl.analysis.events.device_owners`. Unchanged.
    max_unmatched
        Largest share of events, 0 to 1, from devices without an owner.
    max_shared_devices
        Most devices with several owners.

    Returns
    -------
    list of Check
        ``unmatched`` and ``several_owners``, both of severity *warn*.
    """
    rows, unknown = report["rows"], report["unmatched_devices"]
    n_owners = owners["device_id"].value_counts()
    shared = sorted(n_owners.index[n_owners > 1])
    extra = counted(rows["fanned_out_extra"], "row")
    return [
        Check(
            "unmatched",
            "warn",
            rows["unmatched"] <= max_unmatched * rows["valid"],
            f"{share(rows['unmatched'], rows['valid'])} events come from devices without an owner{named(unknown)}.",
            max_unmatched,
        ),
        Check(
            "several_owners",
            "warn",
            len(shared) <= max_shared_devices,
            f"{counted(len(shared), 'device has', 'devices have')} several owners, which added {extra}{named(shared)}.",
            max_shared_devices,
        ),
    ]


def check_devices(
    report: dict[str, Any],
    health: pd.DataFrame,
    *,
    max_duplicates: float,
    max_out_of_order: float,
    max_repeated_on: float,
    max_orphaned_off: float,
    max_silent_hours: float,
    max_hours_on: float,
    max_in_a_row: int,
) -> list[Check]:
    """Check how the devices behave.

    Parameters
    ----------
    report
        DataJoin's report (`etl.runs.manifest.join_report`).
    health
        One row per device, from `etl.analysis.device_health.device_health`. Unchanged.
    max_duplicates, max_out_of_order, max_repeated_on, max_orphaned_off
        Largest shares of events, 0 to 1: exact repetitions, late ones, ``on`` of what is on, ``off`` of what is off.
        That a device's first event is ``off`` is no sign of a lost one, and does not count.
    max_silent_hours
        A device has gone silent only after this many hours without an event.
    max_hours_on
        A device is stuck if it is on for longer, hours.
    max_in_a_row
        A device is stuck if it says the same more times one after the other.

    Returns
    -------
    list of Check
        ``silent_devices`` and ``stuck_devices`` of severity *warn*; then, of severity *info*, ``duplicates``,
        ``out_of_order``, ``repeated_on``, ``orphaned_off``.
    """
    n, n_duplicates = int(health["n_events"].sum()), report["rows"]["duplicates"]
    n_late, n_repeated = int(health["n_out_of_order"].sum()), int(health["n_repeated_on"].sum())
    n_first = int(health["starts_off"].sum())
    n_orphaned = int(health["n_orphaned_off"].sum()) - n_first
    begun = f", besides the first of {counted(n_first, 'device')}" if n_first else ""
    silent = silent_devices(health, max_silent_hours=max_silent_hours)
    stuck = stuck_devices(health, max_hours_on=max_hours_on, max_in_a_row=max_in_a_row)
    silence = f", for up to {silent['silent_hours'].max():,.0f} hours" if len(silent) else ""
    worst = (
        f"; the same came at most {counted(health['n_in_a_row'].max(), 'time')} in a row, "
        f"and none was on for more than {duration(health['longest_on_hours'].max())}"
        if len(health)
        else ""
    )
    return [
        Check(
            "silent_devices",
            "warn",
            silent.empty,
            f"{counted(len(silent), 'device has', 'devices have')} gone silent{silence}{named(silent.index)}.",
            max_silent_hours,
        ),
        Check(
            "stuck_devices",
            "warn",
            stuck.empty,
            f"{counted(len(stuck), 'device is', 'devices are')} stuck{named(stuck.index)}{worst}.",
            max_hours_on,
        ),
        Check(
            "duplicates",
            "info",
            n_duplicates <= max_duplicates * n,
            f"{share(n_duplicates, n)} events repeat an earlier one exactly.",
            max_duplicates,
        ),
        Check(
            "out_of_order",
            "info",
            n_late <= max_out_of_order * n,
            f"{share(n_late, n)} events arrived after a later one of their device.",
            max_out_of_order,
        ),
        Check(
            "repeated_on",
            "info",
            n_repeated <= max_repeated_on * n,
            f"{share(n_repeated, n)} events switch on what is on already.",
            max_repeated_on,
        ),
        Check(
            "orphaned_off",
            "info",
            n_orphaned <= max_orphaned_off * n,
            f"{share(n_orphaned, n)} events switch off what is off already{begun}.",
            max_orphaned_off,
        ),
    ]
