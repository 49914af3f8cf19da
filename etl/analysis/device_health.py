"""How each device behaves: whether it still sends, repeats itself, or is on for longer than anything should be."""

from __future__ import annotations

import numpy as np
import pandas as pd

from etl.analysis.events import sort_by_device
from etl.analysis.local_time import SECONDS_PER_HOUR, IntArray

# a device with fewer events has no rhythm: its silence means nothing
MIN_EVENTS = 10
# a device may be silent for this many times its own longest pause
MAX_PAUSES = 2
SUMMARY = ["n_events", "n_in_a_row", "n_repeated_on", "longest_on_hours", "longest_pause_hours", "silent_hours"]


def device_health(events: pd.DataFrame, *, until: int) -> pd.DataFrame:
    """Describe how each device behaves.

    Parameters
    ----------
    events
        One row per event in file order, from `etl.analysis.events.events_of`.
    until
        Unix time until which a device that was not switched off again counts as on, and a device that sends nothing as
        silent.

    Returns
    -------
    DataFrame
        One row per device with events, sorted (index ``device_id``): ``n_events``; ``n_repeated_on`` and
        ``n_orphaned_off`` as `etl.analysis.sessions.operation_sessions` counts them; ``starts_off`` (its first event
        is an orphan); ``n_in_a_row``, the most events of one state after the other; ``longest_on_hours``, up to
        `until` where it is on still; ``longest_pause_hours`` between two events; ``silent_hours`` from its last event
        to `until`, not below 0; ``n_out_of_order``, events that arrived after a later one of the same device.
    """
    device_ids, device, second, is_on, was_on, is_first = sort_by_device(events)
    n_devices, firsts, is_last = len(device_ids), np.flatnonzero(is_first), np.roll(is_first, -1)
    is_late = events["timestamp"] < events.groupby("device_id", observed=True)["timestamp"].cummax()
    pauses = np.diff(second, prepend=0) * ~is_first
    # a row of events of one state begins with a device's first event, and wherever the state changes
    rows = np.flatnonzero(is_first | (is_on != was_on))
    # each change to on lasts until the device's next change, which is to off, or until the end
    changes = np.flatnonzero(is_on != was_on)
    is_last_change = np.diff(device[changes], append=-1) != 0
    ends = np.where(is_last_change, until, np.append(second[changes][1:], until)[: len(changes)])
    seconds_on = (ends - second[changes]) * is_on[changes]
    return pd.DataFrame(
        {
            "n_events": np.bincount(device, minlength=n_devices),
            "n_repeated_on": np.bincount(device[is_on & was_on], minlength=n_devices),
            "n_orphaned_off": np.bincount(device[~is_on & ~was_on], minlength=n_devices),
            "starts_off": ~is_on[firsts],
            "n_in_a_row": _max_of_device(device[rows], np.diff(rows, append=len(device)), n_devices),
            "longest_on_hours": _max_of_device(device[changes], seconds_on, n_devices) / SECONDS_PER_HOUR,
            "longest_pause_hours": _max_of_device(device, pauses, n_devices) / SECONDS_PER_HOUR,
            "silent_hours": np.maximum(until - second[is_last], 0) / SECONDS_PER_HOUR,
            "n_out_of_order": is_late.groupby(events["device_id"], observed=True).sum().to_numpy("int64"),
        },
        index=pd.Index(device_ids, name="device_id", dtype="str"),
    )


def silent_devices(health: pd.DataFrame, *, max_silent_hours: float) -> pd.DataFrame:
    """Return the devices that have gone silent, the longest silence first.

    A device has gone silent if it has sent nothing for longer than `max_silent_hours`, and for longer than twice its
    own longest pause before. A device with fewer than ten events has no rhythm to compare with, and is not judged.
    """
    is_silent = health["silent_hours"] > np.maximum(max_silent_hours, MAX_PAUSES * health["longest_pause_hours"])
    silent = health[is_silent & (health["n_events"] >= MIN_EVENTS)]
    return silent.sort_values("silent_hours", ascending=False, kind="stable")


def stuck_devices(health: pd.DataFrame, *, max_hours_on: float, max_in_a_row: int) -> pd.DataFrame:
    """Return the devices that are on for more than `max_hours_on`, or repeat a state more than `max_in_a_row` times."""
    is_stuck = (health["longest_on_hours"] > max_hours_on) | (health["n_in_a_row"] > max_in_a_row)
    return health[is_stuck].sort_values("n_in_a_row", ascending=False, kind="stable")


def health_summary(
    health: pd.DataFrame, *, max_silent_hours: float, max_hours_on: float, max_in_a_row: int
) -> pd.DataFrame:
    """Return the columns of `device_health` that are worth a look, one row per device, stuck and silent ones first.

    The first column is ``remark``: ``stuck``, ``silent``, ``stuck, silent`` or empty.
    """
    is_stuck = health.index.isin(stuck_devices(health, max_hours_on=max_hours_on, max_in_a_row=max_in_a_row).index)
    is_silent = health.index.isin(silent_devices(health, max_silent_hours=max_silent_hours).index)
    remarks = np.array(["", "silent", "stuck", "stuck, silent"], object)[2 * is_stuck + is_silent]
    table = health[SUMMARY].assign(n_remarks=is_stuck + 0 + is_silent)
    table.insert(0, "remark", remarks)
    return table.sort_values(["n_remarks", "n_in_a_row"], ascending=False, kind="stable").drop(columns="n_remarks")


def _max_of_device(device: IntArray, values: IntArray, n_devices: int) -> IntArray:
    """Return the largest value of each device, at least 0."""
    largest = np.zeros(n_devices, np.int64)
    np.maximum.at(largest, device, values)
    return largest
