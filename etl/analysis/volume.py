"""How many events came in each hour, and how many usually do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from etl.analysis.local_hours import hours_between, local_hours

MOST_TYPES = 7
OTHER_TYPES = "(other)"
# a median needs a few days to mean something, and what was usual two months ago is not usual now
FEWEST_DAYS, MOST_DAYS = 3, 28
# counts scatter by their square root: what is nearer to the usual than this many of it, is chance
SIGMAS = 4
# the very first events may be late ones of long ago: the file's hours begin where a hundredth of it has passed
FIRST_SHARE = 0.01


def events_by_hour(events: pd.DataFrame, *, time_zone: str) -> pd.Series:
    """Count events per hour.

    Parameters
    ----------
    events
        One row per event; ``timestamp`` in Unix seconds. Unchanged.
    time_zone
        IANA name of the zone whose hours are counted.

    Returns
    -------
    Series
        ``n_events`` of each hour that has any, by its start on the zone's clock (``hour``), sorted.
    """
    place, hours = local_hours(events["timestamp"].to_numpy(), time_zone=time_zone)
    return pd.Series(np.bincount(place, minlength=len(hours)), index=hours, name="n_events")


def events_by_type(events: pd.DataFrame, *, time_zone: str, by: str = "hour") -> pd.DataFrame:
    """Count events per hour, or day, and device type.

    Parameters
    ----------
    events
        One row per event, from `etl.analysis.events.events_of`. Unchanged.
    time_zone
        IANA name of the zone whose hours are counted.
    by
        ``hour`` or ``day``.

    Returns
    -------
    DataFrame
        One row per hour or day with events (index ``hour``, ``YYYY-MM-DD HH:00``, or ``day``, ``YYYY-MM-DD``), one
        column per type, sorted. Of more than seven types, those with fewer events are one column ``(other)``, the last.
    """
    place, hours = local_hours(events["timestamp"].to_numpy(), time_zone=time_zone)
    kinds = events["type"].cat
    counts = np.zeros((len(hours), len(kinds.categories)), np.int64)
    np.add.at(counts, (place, kinds.codes.to_numpy()), 1)
    table = pd.DataFrame(counts, index=hours, columns=pd.Index(kinds.categories, name="type"))
    totals = table.sum().sort_values(ascending=False, kind="stable")
    rare = totals.index[MOST_TYPES:] if len(totals) > MOST_TYPES else []
    table = table.drop(columns=rare).assign(**{OTHER_TYPES: table[rare].sum(axis=1)} if len(rare) else {})
    labels = table.index.strftime("%Y-%m-%d %H:00" if by == "hour" else "%Y-%m-%d")
    return table.groupby(labels.rename(by)).sum()


def grain(n_events: pd.Series) -> str:
    """Return what to count by: ``hour`` up to three days of them, ``day`` beyond.

    Examples
    --------
    >>> hours = pd.date_range("2021-03-23", periods=100, freq="h")
    >>> grain(pd.Series(1, index=hours)), grain(pd.Series(1, index=hours[:48]))
    ('day', 'hour')
    """
    longest = pd.Timedelta(days=3)
    return "day" if len(n_events) and n_events.index[-1] - n_events.index[0] >= longest else "hour"


def against_usual(
    n_events: pd.Series, earlier: Sequence[pd.Series] = (), *, first: pd.Timestamp | None = None, time_zone: str
) -> pd.DataFrame:
    """Compare each hour with the median of the same hour on earlier days.

    The earlier days are those of the history itself and those of the histories published before it.

    Parameters
    ----------
    n_events
        Events per hour, from `events_by_hour`.
    earlier
        The same of histories that were published for earlier days. An hour that several histories hold counts as in the
        fullest of them, because files may overlap.
    first
        Hours before this one are not compared; they only say what is usual.
    time_zone
        IANA name of the zone.

    Returns
    -------
    DataFrame
        One row per hour from the first to the last with events, those without any included (index ``hour``):
        ``n_events``, ``usual_events`` (the median of up to 28 earlier days that have events; null if they are fewer
        than three). The first and the last hour are left out: files seldom begin and end with a whole one.
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
    usual = days.shift(1).rolling(MOST_DAYS, min_periods=FEWEST_DAYS).median().to_numpy().ravel()
    table = pd.DataFrame({"n_events": filled, "usual_events": usual}).loc[existing]
    start = max(n_events.index[0], first or n_events.index[0])
    inner = (table.index > start) & (table.index < n_events.index[-1])
    return table[inner].astype({"n_events": "int64"}).rename_axis("hour")


def first_hour(n_events: pd.Series) -> pd.Timestamp | None:
    """Return the hour in which the file really begins: before it lie less than one in a hundred of its events."""
    if n_events.empty:
        return None
    passed = n_events.cumsum() / n_events.sum()
    return passed.index[int(np.argmax(passed.to_numpy() >= FIRST_SHARE))]


def unusual_hours(compared: pd.DataFrame, *, max_volume_ratio: float) -> pd.DataFrame:
    """Return the hours with far more, or far fewer, events than usual, by more than chance explains.

    Those without any are for `gaps` to find.

    Parameters
    ----------
    compared
        From `against_usual`.
    max_volume_ratio
        How many times the usual number, or what part of it, is still usual.
    """
    n, usual = compared["n_events"], compared["usual_events"]
    is_far = (n > usual * max_volume_ratio) | (n < usual / max_volume_ratio)
    return compared[is_far & (n > 0) & ((n - usual).abs() > SIGMAS * np.sqrt(usual.clip(lower=1)))]


def gaps(compared: pd.DataFrame, *, min_missing_events: float) -> pd.DataFrame:
    """Return the spells without a single event in which there usually are some.

    Parameters
    ----------
    compared
        From `against_usual`.
    min_missing_events
        How many events the hours of a spell usually have together.

    Returns
    -------
    DataFrame
        One row per spell: ``first_hour``, ``last_hour`` (starts on the zone's clock), ``n_hours``, ``usual_events``.
    """
    is_empty = compared["n_events"] == 0
    spell = (~is_empty).cumsum().rename("spell")
    # a spell begins and ends with hours in which something usually comes; before and after it is quiet at any time
    telling = compared[is_empty & (compared["usual_events"] > 0)].reset_index()
    found = telling.groupby(spell[telling["hour"]].to_numpy()).agg(
        first_hour=("hour", "min"), last_hour=("hour", "max"), usual_events=("usual_events", "sum")
    )
    found.insert(2, "n_hours", (found["last_hour"] - found["first_hour"]) // pd.Timedelta(hours=1) + 1)
    return found[found["usual_events"] >= min_missing_events].reset_index(drop=True)
