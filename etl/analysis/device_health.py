"""How each device behaves: whether it still sends, repeats itself, is on for longer than anything should be."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

# a device with fewer events has no rhythm, so its silence says nothing
FEWEST_EVENTS = 10
# a device may be silent for this many times its own longest pause
PAUSES = 2
SECONDS_PER_HOUR = 3600
SHOWN = ["n_events", "n_in_a_row", "n_repeated_on", "longest_on_hours", "longest_pause_hours", "silent_hours"]

Numbers = npt.NDArray[np.int64]


def device_health(events: pd.DataFrame, *, until: int) -> pd.DataFrame:
    """Describe how each device behaves.

    Parameters
    ----------
    events
        One row per event in file order, from `etl.analysis.events.events_of`. Unchanged.
    until
        Unix time until which a device that was not switched off again counts as on, and one that sends nothing as
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
    device_ids = events["device_id"].cat.remove_unused_categories().cat
    device, second = device_ids.codes.to_numpy(), events["timestamp"].to_numpy()
    order = np.lexsort((second, device))
    n_out_of_order = _per_device(device, events["timestamp"] < events.groupby("device_id")["timestamp"].cummax())
    device, second, is_on = device[order], second[order], (events["power"] == "on").to_numpy()[order]
    is_first = np.diff(device, prepend=-1) != 0
    was_on = np.append(False, is_on[:-1])[: len(is_on)] & ~is_first
    firsts = np.flatnonzero(is_first)
    last_seen = second[np.append(firsts[1:], len(device)) - 1] if len(firsts) else second
    pauses = np.diff(second, prepend=0) * ~is_first
    return pd.DataFrame(
        {
            "n_events": np.bincount(device),
            "n_repeated_on": _per_device(device, is_on & was_on),
            "n_orphaned_off": _per_device(device, ~is_on & ~was_on),
            "starts_off": ~is_on[firsts],
            "n_in_a_row": _longest_row(device, is_on, is_first),
            "longest_on_hours": _longest_on(device, second, is_on & ~was_on, is_on != was_on, until) / SECONDS_PER_HOUR,
            "longest_pause_hours": (np.maximum.reduceat(pauses, firsts) if len(firsts) else pauses) / SECONDS_PER_HOUR,
            "silent_hours": np.maximum(until - last_seen, 0) / SECONDS_PER_HOUR,
            "n_out_of_order": n_out_of_order,
        },
        index=pd.Index(device_ids.categories, name="device_id", dtype="str"),
    )


def silent_devices(health: pd.DataFrame, *, max_silent_hours: float) -> pd.DataFrame:
    """Return the devices that have gone silent, the longest silence first.

    A device has gone silent if nothing came from it for longer than `max_silent_hours`, and for longer than twice its
    own longest pause before. One with fewer than ten events has no rhythm to compare with, and is not judged.
    """
    quiet = health["silent_hours"] > np.maximum(max_silent_hours, PAUSES * health["longest_pause_hours"])
    return health[quiet & (health["n_events"] >= FEWEST_EVENTS)].sort_values(
        "silent_hours", ascending=False, kind="stable"
    )


def stuck_devices(health: pd.DataFrame, *, max_hours_on: float, max_in_a_row: int) -> pd.DataFrame:
    """Return the devices that are on for longer than `max_hours_on`, or say the same more than `max_in_a_row` times."""
    stuck = (health["longest_on_hours"] > max_hours_on) | (health["n_in_a_row"] > max_in_a_row)
    return health[stuck].sort_values("n_in_a_row", ascending=False, kind="stable")


def remarkable_first(
    health: pd.DataFrame, *, max_silent_hours: float, max_hours_on: float, max_in_a_row: int
) -> pd.DataFrame:
    """Return what to look at in each device, the stuck and the silent ones first.

    Parameters
    ----------
    health
        From `device_health`. Unchanged.
    max_silent_hours, max_hours_on, max_in_a_row
        As `silent_devices` and `stuck_devices` take them.

    Returns
    -------
    DataFrame
        One row per device, the telling columns of `health`, with ``remark`` (``stuck``, ``silent``, both, or empty) as
        its first column.
    """
    is_stuck = health.index.isin(stuck_devices(health, max_hours_on=max_hours_on, max_in_a_row=max_in_a_row).index)
    is_silent = health.index.isin(silent_devices(health, max_silent_hours=max_silent_hours).index)
    remarks = np.array(["", "silent", "stuck", "stuck, silent"], object)[2 * is_stuck + is_silent]
    table = health[SHOWN].assign(n_remarks=is_stuck + 0 + is_silent)
    table.insert(0, "remark", remarks)
    ordered = table.sort_values(["n_remarks", "n_in_a_row"], ascending=False, kind="stable")
    return ordered.drop(columns="n_remarks")


def _per_device(device: Numbers, counts: pd.Series | npt.NDArray[np.bool_]) -> Numbers:
    """Return how many events of each device `counts` is true for."""
    return np.bincount(device[np.asarray(counts)], minlength=_n_devices(device))


def _n_devices(device: Numbers) -> int:
    return int(np.max(device)) + 1 if len(device) else 0


def _longest_row(device: Numbers, is_on: npt.NDArray[np.bool_], is_first: npt.NDArray[np.bool_]) -> Numbers:
    """Return the longest row of events of the same state, of each device."""
    begins = np.flatnonzero(is_first | (np.diff(is_on, prepend=False) != 0)) if len(device) else device
    longest = np.zeros(_n_devices(device), np.int64)
    np.maximum.at(longest, device[begins], np.diff(begins, append=len(device)))
    return longest


def _longest_on(
    device: Numbers, second: Numbers, opens: npt.NDArray[np.bool_], changes: npt.NDArray[np.bool_], until: int
) -> Numbers:
    """Return the seconds of each device's longest time on, up to `until` where nothing switched it off."""
    changed = np.flatnonzero(changes)
    begins = opens[changed]
    following = np.append(second[changed][1:], until)[: len(changed)]
    is_last = np.diff(device[changed], append=-1) != 0
    ends = np.where(is_last, until, following)
    longest = np.zeros(_n_devices(device), np.int64)
    np.maximum.at(longest, device[changed][begins], (ends - second[changed])[begins])
    return longest
