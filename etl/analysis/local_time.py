"""Hours and days on the clock of a time zone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

IntArray = npt.NDArray[np.int64]
SECONDS_PER_HOUR = 3600
# since 1972 the hours of every zone begin at a multiple of 15 minutes: one conversion for each such slot is enough
SLOT_SECONDS = 900


def bin_by_local_hour(seconds: IntArray, *, time_zone: str) -> tuple[IntArray, pd.DatetimeIndex]:
    """Assign instants to the hours of a zone.

    Parameters
    ----------
    seconds
        Unix time of each instant.
    time_zone
        IANA name. Where clocks go back, two hours have the same name; here they are the same hour.

    Returns
    -------
    tuple
        The position of each instant's hour among the hours, and the hours (starts on the zone's clock, without zone),
        sorted.

    Examples
    --------
    >>> positions, hours = bin_by_local_hour(np.array([1616506124, 1616511600]), time_zone="Asia/Tokyo")
    >>> positions.tolist(), hours.strftime("%d. %H:%M").tolist()
    ([0, 1], ['23. 22:00', '24. 00:00'])
    """
    slot_of, slots = pd.factorize(np.asarray(seconds) // SLOT_SECONDS)
    at = pd.to_datetime(slots * SLOT_SECONDS, unit="s", utc=True).tz_convert(time_zone).tz_localize(None)
    hour_of, hours = pd.factorize(at.floor("h"), sort=True)
    return hour_of[slot_of], pd.DatetimeIndex(hours, name="hour")


def hours_between(first: pd.Timestamp, last: pd.Timestamp, *, time_zone: str) -> pd.DatetimeIndex:
    """Return every hour from `first` to `last` on the zone's clock, without the hours that it skips in spring.

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
    """Return the Unix time at which a day of a zone ends.

    Examples
    --------
    >>> end_of_day("2021-03-23", time_zone="Asia/Tokyo")
    1616511600
    """
    midnight = pd.Timestamp(day) + pd.Timedelta(days=1)
    return int(midnight.tz_localize(time_zone, ambiguous=True, nonexistent="shift_forward").timestamp())
