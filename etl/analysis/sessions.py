"""Operation sessions: when a device was on, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from etl.errors import MissingColumnsError

NEEDED = ["device_id", "timestamp", "power"]


@dataclass(frozen=True)
class Sessions:
    """What the events of some devices say of their run time; owners play no part.

    Attributes
    ----------
    closed
        One row per session that was switched on and off again: ``device_id``, ``on_at``, ``off_at`` (UTC), ``seconds``
        (whole seconds between them, may be 0). Sorted by device and time.
    open
        One row per device that is still on at the end: ``device_id``, ``on_at`` (UTC). It has no seconds.
    n_repeated_on
        Events ``on`` of a device that was on already; they change nothing.
    n_orphaned_off
        Events ``off`` of a device that was off, or whose first event it is; they change nothing.
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
        counts twice. Unchanged.

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
    device_ids = events["device_id"].astype("category").cat
    device, second = device_ids.codes.to_numpy(), pd.to_numeric(events["timestamp"]).to_numpy(dtype="int64")
    order = np.lexsort((second, device))  # stable: the same second keeps file order
    device, second, is_on = device[order], second[order], (events["power"] == "on").to_numpy(dtype="bool")[order]
    is_first = np.diff(device, prepend=-1) != 0
    # a device is off before its first event, so an event changes something if it says other than the one before it
    was_on = np.append(False, is_on[:-1])[: len(is_on)] & ~is_first
    changes = np.flatnonzero(is_on != was_on)
    # what is left alternates within a device, from on: each on is followed by its off, or is the device's last
    opened, is_last = is_on[changes], np.diff(device[changes], append=-1) != 0
    starts, ends, still_on = changes[opened & ~is_last], changes[~opened], changes[opened & is_last]
    closed = pd.DataFrame(
        {
            "device_id": _names(device_ids, device[starts]),
            "on_at": pd.to_datetime(second[starts], unit="s", utc=True),
            "off_at": pd.to_datetime(second[ends], unit="s", utc=True),
            "seconds": second[ends] - second[starts],
        }
    )
    return Sessions(
        closed=closed,
        open=pd.DataFrame(
            {
                "device_id": _names(device_ids, device[still_on]),
                "on_at": pd.to_datetime(second[still_on], unit="s", utc=True),
            }
        ),
        n_repeated_on=int((is_on & was_on).sum()),
        n_orphaned_off=int((~is_on & ~was_on).sum()),
    )


def _names(device_ids: Any, codes: npt.NDArray[np.int64]) -> pd.Series:
    return pd.Series(device_ids.categories.take(codes), dtype="str")


def seconds_by_day(sessions: Sessions, *, time_zone: str) -> pd.DataFrame:
    """Sum the run time of each device and day, splitting sessions at midnight.

    Parameters
    ----------
    sessions
        As `operation_sessions` returns them; open ones have no run time.
    time_zone
        IANA name of the zone whose days are counted; a day may have 23 or 25 hours.

    Returns
    -------
    DataFrame
        One row per device and day with a session: ``device_id``, ``day`` (``YYYY-MM-DD``), ``seconds``; sorted.
    """
    closed = sessions.closed
    begins, ends = (closed[name].dt.tz_convert(time_zone) for name in ("on_at", "off_at"))
    first_day, last_day = begins.dt.tz_localize(None).dt.normalize(), ends.dt.tz_localize(None).dt.normalize()
    n_days = (last_day - first_day).dt.days + 1
    row = closed.index.repeat(n_days)
    nth = pd.Series(1, index=row).groupby(level=0).cumsum().to_numpy() - 1
    day = first_day.loc[row].reset_index(drop=True) + pd.to_timedelta(nth, unit="D")
    midnight = day.dt.tz_localize(time_zone, ambiguous=True, nonexistent="shift_forward")
    next_day = day + pd.Timedelta(days=1)
    next_midnight = next_day.dt.tz_localize(time_zone, ambiguous=True, nonexistent="shift_forward")
    begin = begins.loc[row].reset_index(drop=True).clip(lower=midnight)
    end = ends.loc[row].reset_index(drop=True).clip(upper=next_midnight)
    parts = pd.DataFrame(
        {
            "device_id": closed["device_id"].loc[row].reset_index(drop=True),
            "day": day.dt.strftime("%Y-%m-%d"),
            "seconds": ((end - begin) // pd.Timedelta(seconds=1)).astype("int64"),
        }
    )
    # a session that ends at midnight has no part of the day that begins then
    parts = parts[(parts["seconds"] > 0) | (nth == 0)]
    return parts.groupby(["device_id", "day"], as_index=False)["seconds"].sum()
