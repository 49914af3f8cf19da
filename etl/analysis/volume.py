"""How many events came in each hour, and how many usually do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from etl.analysis.local_time import bin_by_local_hour, hours_between

MAX_TYPES = 7
OTHER_TYPES = "(other)"
# the usual is a median of earlier days: fewer than three mean little, and habits change within two months
MIN_DAYS, MAX_DAYS = 3, 28
# Poisson noise: a difference of up to this many standard deviations (the square root of the usual number) is chance
SIGMAS = 4
# the first events may be late ones of days ago: the file begins with the hour in which this share of it has passed
FIRST_SHARE = 0.01


def events_by_hour(events: pd.DataFrame, *, time_zone: str) -> pd.Series:
    """Count events per hour: ``n_events`` of each hour with any, by its start on the zone's clock, ``hour``; sorted."""
    hour, hours = bin_by_local_hour(events["timestamp"].to_numpy(), time_zone=time_zone)
    return pd.Series(np.bincount(hour, minlength=len(hours)), index=hours, name="n_events")


def events_by_type(events: pd.DataFrame, *, time_zone: str, by: str = "hour") -> pd.DataFrame:
    """Count events per hour, or day, and device type.

    Returns
    -------
    DataFrame
        One row per hour or day with events (index ``hour``, ``YYYY-MM-DD HH:00``, or ``day``, ``YYYY-MM-DD``), one
        column per type, sorted. Of more than seven types, those with fewer events are one column ``(other)``, the last.
    """
    hour, hours = bin_by_local_hour(events["timestamp"].to_numpy(), time_zone=time_zone)
    types = events["type"].cat
    counts = np.zeros((len(hours), len(types.categories)), np.int64)
    np.add.at(counts, (hour, types.codes.to_numpy()), 1)
    table = pd.DataFrame(counts, index=hours, columns=pd.Index(types.categories, name="type"))
    totals = table.sum().sort_values(ascending=False, kind="stable")
    rare = totals.index[MAX_TYPES:] if len(totals) > MAX_TYPES else []
    table = table.drop(columns=rare).assign(**{OTHER_TYPES: table[rare].sum(axis=1)} if len(rare) else {})
    labels = table.index.strftime("%Y-%m-%d %H:00" if by == "hour" else "%Y-%m-%d")
    return table.groupby(labels.rename(by)).sum()


def grain(n_events: pd.Series) -> str:
    """Return the unit to count by: ``hour`` for up to three days of events, ``day`` for more.

    Examples
    --------
    >>> hours = pd.date_range("2021-03-23", periods=100, freq="h")
    >>> grain(pd.Series(1, index=hours)), grain(pd.Series(1, index=hours[:48]))
    ('day', 'hour')
    """
    return "day" if len(n_events) and n_events.index[-1] - n_events.index[0] >= pd.Timedelta(days=3) else "hour"


def compare_with_usual(
    n_events: pd.Series, earlier: Sequence[pd.Series] = (), *, first: pd.Timestamp | None = None, time_zone: str
) -> pd.DataFrame:
    """Compare each hour with the median of the same hour on earlier days, of this history and of published ones.

    Parameters
    ----------
    n_events
        Events per hour, from `events_by_hour`.
    earlier
        The same of histories that were published for earlier days. Files may overlap: the largest count of an hour is
        taken.
    first
        Hours before this one are not compared, but count as earlier days.

    Returns
    -------
    DataFrame
        One row per hour from the first to the last with events, those without any included (index ``hour``):
        ``n_events``, ``usual_events`` (the median of up to 28 earlier days with events; null if there are fewer than
        three). The first and the last hour are left out: files seldom begin and end with a whole one.
    """
    if n_events.empty:
        return pd.DataFrame({"n_events": n_events, "usual_events": n_events.astype("float64")})
    known = pd.concat([n_events, *earlier]).groupby(level=0).max()
    begin, end = known.index[0].normalize(), n_events.index[-1].normalize() + pd.Timedelta(hours=23)
    known = known[known.index <= end]
    existing = hours_between(known.index[0], end, time_zone=time_zone)
    filled = known.reindex(existing, fill_value=0).reindex(pd.date_range(begin, end, freq="h"))
    by_day = pd.DataFrame(filled.to_numpy(dtype="float64").reshape(-1, 24))
    days = by_day[by_day.sum(axis=1) > 0].reindex(by_day.index)
    usual = days.shift(1).rolling(MAX_DAYS, min_periods=MIN_DAYS).median().to_numpy().ravel()
    table = pd.DataFrame({"n_events": filled, "usual_events": usual}).loc[existing]
    start = max(n_events.index[0], first or n_events.index[0])
    inner = (table.index > start) & (table.index < n_events.index[-1])
    return table[inner].astype({"n_events": "int64"}).rename_axis("hour")


def first_hour(n_events: pd.Series) -> pd.Timestamp | None:
    """Return the hour in which a file begins: less than one in a hundred of its events lie before it."""
    if n_events.empty:
        return None
    passed = n_events.cumsum() / n_events.sum()
    return passed.index[int(np.argmax(passed.to_numpy() >= FIRST_SHARE))]


def unusual_hours(compared_hours: pd.DataFrame, *, max_volume_ratio: float) -> pd.DataFrame:
    """Return the hours of `compare_with_usual` with far more, or far fewer, events than usual.

    An hour is unusual if it has more than `max_volume_ratio` times its usual events, or less than that part of them,
    and chance does not explain the difference. Hours without any event are not among them: `gaps` finds these.
    """
    n, usual = compared_hours["n_events"], compared_hours["usual_events"]
    is_far = (n > usual * max_volume_ratio) | (n < usual / max_volume_ratio)
    return compared_hours[is_far & (n > 0) & ((n - usual).abs() > SIGMAS * np.sqrt(usual.clip(lower=1)))]


def gaps(compared_hours: pd.DataFrame, *, min_missing_events: float) -> pd.DataFrame:
    """Return the gaps of `compare_with_usual`: hours in a row without an event, in which there usually are some.

    The hours of a gap usually have `min_missing_events` together.

    Returns
    -------
    DataFrame
        One row per gap: ``first_hour``, ``last_hour`` (starts on the zone's clock), ``n_hours``, ``usual_events``.
    """
    is_empty = compared_hours["n_events"] == 0
    run = (~is_empty).cumsum()
    # quiet hours before and after are no part of a gap: it begins and ends with hours in which events usually come
    missing = compared_hours[is_empty & (compared_hours["usual_events"] > 0)].reset_index()
    table = missing.groupby(run[missing["hour"]].to_numpy()).agg(
        first_hour=("hour", "min"), last_hour=("hour", "max"), usual_events=("usual_events", "sum")
    )
    table.insert(2, "n_hours", (table["last_hour"] - table["first_hour"]) // pd.Timedelta(hours=1) + 1)
    return table[table["usual_events"] >= min_missing_events].reset_index(drop=True)
