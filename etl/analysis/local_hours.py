"""The hours of a time zone: in which one an event lies, and which ones there are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

# every zone's hours have begun at a multiple of this since 1972; so this many seconds need to be converted once only
SLOT_SECONDS = 900


def local_hours(seconds: npt.NDArray[np.int64], *, time_zone: str) -> tuple[npt.NDArray[np.int64], pd.DatetimeIndex]:
    """Return in which hour of a zone each instant lies.

    Parameters
    ----------
    seconds
        Unix time.
    time_zone
        IANA name. Where clocks go back, two hours have the same name; here they are the same hour.

    Returns
    -------
    tuple
        For each instant the place of its hour, and the hours (their starts on the zone's clock, without zone), sorted.

    Examples
    --------
    >>> places, hours = local_hours(np.array([1616506124, 1616511600]), time_zone="Asia/Tokyo")
    >>> places.tolist(), hours.strftime("%d. %H:%M").tolist()
    ([0, 1], ['23. 22:00', '24. 00:00'])
    """
    slot_of, slots = pd.factorize(np.asarray(seconds) // SLOT_SECONDS)
    at = pd.to_datetime(slots * SLOT_SECONDS, unit="s", utc=True).tz_convert(time_zone).tz_localize(None)
    hour_of, hours = pd.factorize(at.floor("h"), sort=True)
    return hour_of[slot_of], pd.DatetimeIndex(hours, name="hour")


def hours_between(first: pd.Timestamp, last: pd.Timestamp, *, time_zone: str) -> pd.DatetimeIndex:
    """Return every hour from `first` to `last`, on the zone's clock, without those that it skips in spring.

    Examples
    --------
    >>> hours = hours_between(pd.Timestamp("2021-03-28"), pd.Timestamp("2021-03-28 04:00"), time_zone="Europe/Berlin")
    >>> hours.hour.tolist()
    [0, 1, 3, 4]
    """
    hours = pd.date_range(first, last, freq="h", name="hour")
    in_zone = hours.tz_localize(time_zone, ambiguous=np.ones(len(hours), bool), nonexistent="NaT")
    return hours[in_zone.notna()]


def end_of_day(day: str, *, time_zone: str) -> int:
    """Return the first second, Unix time, after a day of a zone.

    Examples
    --------
    >>> end_of_day("2021-03-23", time_zone="Asia/Tokyo")
    1616511600
    """
    midnight = pd.Timestamp(day) + pd.Timedelta(days=1)
    return int(midnight.tz_localize(time_zone, ambiguous=True, nonexistent="shift_forward").timestamp())
