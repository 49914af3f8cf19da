"""Operation sessions: when a device was on, and for how long."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from etl.analysis.events import sort_by_device
from etl.analysis.local_time import IntArray
from etl.errors import MissingColumnsError

NEEDED = ["device_id", "timestamp", "power"]


@dataclass(frozen=True)
class Sessions:
    """The operation sessions of some devices; owners play no part.

    Attributes
    ----------
    closed
        One row per session that has ended: ``device_id``, ``on_at``, ``off_at`` (UTC), ``seconds`` (whole seconds
        between them, may be 0). Sorted by device and time.
    open
        One row per device that is still on at the end: ``device_id``, ``on_at`` (UTC).
    n_repeated_on
        Events ``on`` of a device that is on already; they change nothing.
    n_orphaned_off
        Events ``off`` of a device that is off, also as its first event; they change nothing.
    """

    closed: pd.DataFrame
    open: pd.DataFrame
    n_repeated_on: int
    n_orphaned_off: int


def operation_sessions(events: pd.DataFrame) -> Sessions:
    """Pair each device's ``on`` with the ``off`` that ends it.

    Parameters
    ----------
    events
        One row per event, in file order: ``device_id``, ``timestamp`` (Unix seconds, text or number), ``power``.
        A history has a row per owner: reduce it with `etl.analysis.events.one_row_per_event` first, or run time
        counts twice.

    Returns
    -------
    Sessions
        Events are taken in the order of their timestamps as numbers; those of the same second keep file order.

    Raises
    ------
    MissingColumnsError
        A needed column is absent.

    Examples
    --------
    >>> events = pd.DataFrame({"device_id": ["a", "a"], "timestamp": ["999", "1000"], "power": ["on", "off"]})
    >>> operation_sessions(events).closed["seconds"].tolist()
    [1]
    """
    missing = [column for column in NEEDED if column not in events.columns]
    if missing:
        raise MissingColumnsError(
            f"events: no column {', '.join(missing)}; found {', '.join(map(str, events.columns))}."
        )
    device_ids, device, second, is_on, was_on, _is_first = sort_by_device(events)
    changes = np.flatnonzero(is_on != was_on)
    # a device's changes alternate and begin with on: each on is followed by its off, or is the device's last change
    opens, is_last = is_on[changes], np.diff(device[changes], append=-1) != 0
    starts, ends, still_on = changes[opens & ~is_last], changes[~opens], changes[opens & is_last]

    def instants(rows: IntArray) -> pd.DatetimeIndex:
        return pd.to_datetime(second[rows], unit="s", utc=True)

    def begun(rows: IntArray) -> pd.DataFrame:
        return pd.DataFrame({"device_id": device_ids.take(device[rows]).astype("str"), "on_at": instants(rows)})

    return Sessions(
        closed=begun(starts).assign(off_at=instants(ends), seconds=second[ends] - second[starts]),
        open=begun(still_on),
        n_repeated_on=int((is_on & was_on).sum()),
        n_orphaned_off=int((~is_on & ~was_on).sum()),
    )


def seconds_by_day(sessions: Sessions, *, time_zone: str) -> pd.DataFrame:
    """Sum the run time of closed sessions by device and day; sessions are split at the zone's midnight.

    Returns
    -------
    DataFrame
        One row per device and day with a session: ``device_id``, ``day`` (``YYYY-MM-DD``), ``seconds``; sorted.
    """

    def midnight(days: pd.Series) -> pd.Series:
        return days.dt.tz_localize(time_zone, ambiguous=True, nonexistent="shift_forward")

    begins, ends = (sessions.closed[name].dt.tz_convert(time_zone) for name in ("on_at", "off_at"))
    first_day, last_day = (at.dt.tz_localize(None).dt.normalize() for at in (begins, ends))
    row = begins.index.repeat((last_day - first_day).dt.days + 1)
    nth_day = pd.Series(row).groupby(row).cumcount()
    day = first_day.loc[row].reset_index(drop=True) + pd.to_timedelta(nth_day, unit="D")
    begin = begins.loc[row].reset_index(drop=True).clip(lower=midnight(day))
    end = ends.loc[row].reset_index(drop=True).clip(upper=midnight(day + pd.Timedelta(days=1)))
    parts = pd.DataFrame(
        {
            "device_id": sessions.closed["device_id"].loc[row].reset_index(drop=True),
            "day": day.dt.strftime("%Y-%m-%d"),
            "seconds": ((end - begin) // pd.Timedelta(seconds=1)).astype("int64"),
        }
    )
    # a session that ends at midnight has no part of the day that begins then
    parts = parts[(parts["seconds"] > 0) | (nth_day == 0)]
    return parts.groupby(["device_id", "day"], as_index=False)["seconds"].sum()
