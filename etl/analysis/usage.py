"""Run time of devices, types and owners, and how many devices were on at once; a shared device counts once."""

from __future__ import annotations

import numpy as np
import pandas as pd

from etl.analysis.events import UNKNOWN_TYPE
from etl.analysis.local_time import SECONDS_PER_HOUR, IntArray, bin_by_local_hour, hours_between
from etl.analysis.sessions import Sessions

WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def run_time_by_device(events: pd.DataFrame, sessions: Sessions) -> pd.DataFrame:
    """Sum the run time of the sessions of each device with events, the longest run time first.

    Returns
    -------
    DataFrame
        One row per device: ``device_id``, ``type``, ``n_sessions``, ``run_time_hours``, ``longest_hours`` (of closed
        sessions), ``is_on_still``.
    """
    devices = events[["device_id", "type"]].drop_duplicates("device_id").astype("str").set_index("device_id")
    seconds = sessions.closed.groupby("device_id")["seconds"].agg(["size", "sum", "max"]).reindex(devices.index)
    table = devices.assign(
        n_sessions=seconds["size"].fillna(0).astype("int64"),
        run_time_hours=seconds["sum"].fillna(0) / SECONDS_PER_HOUR,
        longest_hours=seconds["max"].fillna(0) / SECONDS_PER_HOUR,
        is_on_still=devices.index.isin(sessions.open["device_id"]),
    ).reset_index()
    return table.sort_values(["run_time_hours", "device_id"], ascending=[False, True], ignore_index=True)


def run_time_by_type(by_device: pd.DataFrame) -> pd.DataFrame:
    """Sum `run_time_by_device` by ``type``: ``n_devices``, ``n_sessions``, ``run_time_hours``; the longest first."""
    return _sum_by(by_device, "type")


def run_time_by_owner(by_device: pd.DataFrame, owners: pd.DataFrame) -> pd.DataFrame:
    """Sum `run_time_by_device` by ``user_id`` of `etl.analysis.events.device_owners`: columns as by type.

    A shared device counts in full for each of its owners, so the owners' sum may be more than that of the devices. The
    last row is ``(unknown)``, for the devices without an owner, if there are any.
    """
    owned = by_device.merge(owners[["device_id", "user_id"]], on="device_id", how="left")
    table = _sum_by(owned.assign(user_id=owned["user_id"].fillna(UNKNOWN_TYPE)), "user_id")
    return table.sort_values("user_id", key=lambda user: user == UNKNOWN_TYPE, kind="stable", ignore_index=True)


def devices_on(sessions: Sessions, *, until: int, time_zone: str) -> pd.DataFrame:
    """Count how many devices are on at once, hour by hour.

    A device that was not switched off again counts as on up to `until` (Unix time), though it has no run time.

    Returns
    -------
    DataFrame
        One row per hour from the first switching on to `until` (index ``hour``, its start on the zone's clock):
        ``max_on``, the most at any moment, and ``mean_on``, the average over the hour.
    """
    begins = np.concatenate([_seconds(sessions.closed["on_at"]), _seconds(sessions.open["on_at"])])
    ends = np.concatenate([_seconds(sessions.closed["off_at"]), np.full(len(sessions.open), until, np.int64)])
    lasts = begins < ends  # a session of no seconds, or one that begins after the end, does not count
    begins, ends = np.sort(begins[lasts]), np.sort(ends[lasts])
    if not len(begins):
        return pd.DataFrame({"max_on": [], "mean_on": []}, index=pd.DatetimeIndex([], name="hour"))
    _, span = bin_by_local_hour(np.array([begins[0], ends[-1] - 1]), time_zone=time_zone)
    hours = hours_between(span[0], span[-1], time_zone=time_zone)
    after = hours.append(pd.DatetimeIndex([hours[-1] + pd.Timedelta(hours=1)]))
    edges = _seconds(after.tz_localize(time_zone, ambiguous=np.ones(len(after), bool), nonexistent="shift_forward"))
    at = np.unique(np.concatenate([begins, ends, edges]))
    level = np.searchsorted(begins, at, side="right") - np.searchsorted(ends, at, side="right")
    # device-seconds up to each moment are whole numbers, so that hours add up exactly
    device_seconds = np.append(0, np.cumsum(level[:-1] * np.diff(at)))
    edge = np.searchsorted(at, edges)
    return pd.DataFrame(
        {
            "max_on": np.maximum.reduceat(level, edge[:-1]),
            "mean_on": np.diff(device_seconds[edge]) / np.diff(edges),
        },
        index=hours,
    )


def by_weekday_and_hour(on: pd.DataFrame) -> pd.DataFrame:
    """Average `devices_on` by weekday (Monday to Sunday) and hour (0 to 23); null where no such hour is known."""
    means = on.pivot_table("mean_on", on.index.day_of_week, on.index.hour)
    week = means.reindex(index=range(7), columns=range(24)).astype("float64")
    return week.set_axis(pd.Index(WEEKDAYS, name="weekday")).rename_axis(columns="hour")


def longest_sessions(sessions: Sessions, *, time_zone: str, n: int = 10) -> pd.DataFrame:
    """Return the longest closed sessions, the longest first: ``device_id``, ``on_from``, ``on_until``, ``hours``."""
    longest = sessions.closed.nlargest(n, "seconds")
    return pd.DataFrame(
        {
            "device_id": longest["device_id"],
            "on_from": _clock(longest["on_at"], time_zone),
            "on_until": _clock(longest["off_at"], time_zone),
            "hours": longest["seconds"] / SECONDS_PER_HOUR,
        }
    ).reset_index(drop=True)


def open_sessions(sessions: Sessions, *, until: int, time_zone: str) -> pd.DataFrame:
    """Return the sessions that have not ended, the oldest first: ``device_id``, ``on_from``, ``hours_so_far``."""
    still_on = sessions.open.sort_values("on_at", kind="stable", ignore_index=True)
    return pd.DataFrame(
        {
            "device_id": still_on["device_id"],
            "on_from": _clock(still_on["on_at"], time_zone),
            "hours_so_far": (until - _seconds(still_on["on_at"])) / SECONDS_PER_HOUR,
        }
    )


def _sum_by(by_device: pd.DataFrame, key: str) -> pd.DataFrame:
    table = by_device.groupby(key, as_index=False).agg(
        n_devices=("device_id", "size"), n_sessions=("n_sessions", "sum"), run_time_hours=("run_time_hours", "sum")
    )
    return table.sort_values(["run_time_hours", key], ascending=[False, True], ignore_index=True)


def _seconds(instants: pd.Series | pd.DatetimeIndex) -> IntArray:
    epoch, second = pd.Timestamp(0, unit="s", tz="UTC"), pd.Timedelta(seconds=1)
    return np.asarray((instants - epoch) // second, np.int64)


def _clock(instants: pd.Series, time_zone: str) -> pd.Series:
    return instants.dt.tz_convert(time_zone).dt.strftime("%Y-%m-%d %H:%M:%S").astype("str")
