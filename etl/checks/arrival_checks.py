"""Did everything arrive: checks of what was read, how new it is, and how much came in each hour."""

from __future__ import annotations

from typing import Any

import pandas as pd

from etl.analysis.local_hours import end_of_day
from etl.analysis.volume import gaps, unusual_hours
from etl.checks.history_checks import Check
from etl.formatting import counted, share

SECONDS_PER_HOUR = 3600


def newest_event(events: pd.DataFrame, *, run_date: str, time_zone: str) -> int:
    """Return the Unix time of the newest event that is not after the run's day; without events, the end of the day."""
    end = end_of_day(run_date, time_zone=time_zone)
    newest = events["timestamp"][events["timestamp"] < end].max()
    return end if pd.isna(newest) else int(newest)


def check_arrival(
    report: dict[str, Any],
    events: pd.DataFrame,
    compared: pd.DataFrame,
    *,
    run_date: str,
    time_zone: str,
    max_quarantined: float,
    max_hours_behind: float,
    max_future_events: int,
    max_volume_ratio: float,
    min_missing_events: float,
) -> list[Check]:
    """Check whether everything arrived.

    Parameters
    ----------
    report
        DataJoin's report (`etl.runs.manifest.join_report`).
    events
        One row per event, from `etl.analysis.events.events_of`. Unchanged.
    compared
        One row per hour, from `etl.analysis.volume.against_usual`. Unchanged.
    run_date, time_zone
        The run's day.
    max_quarantined
        Largest share of records, 0 to 1, in quarantine.
    max_hours_behind
        Most hours between the newest event and the end of the run's day.
    max_future_events
        Most events after the end of the run's day.
    max_volume_ratio
        How many times the usual number of an hour's events, or what part of it, is still usual.
    min_missing_events
        A spell without any event is a gap if its hours usually have this many together.

    Returns
    -------
    list of Check
        ``events``, ``quarantine``, ``freshness``, ``future_events``, ``volume``, ``gaps``; all of severity *warn*.
    """
    rows = report["rows"]
    end = end_of_day(run_date, time_zone=time_zone)
    n_future = int((events["timestamp"] >= end).sum())
    hours_behind = (end - newest_event(events, run_date=run_date, time_zone=time_zone)) / SECONDS_PER_HOUR
    day = f"the end of {run_date} in {time_zone}"
    return [
        Check("events", "warn", rows["valid"] > 0, f"{counted(rows['valid'], 'event')} arrived."),
        Check(
            "quarantine",
            "warn",
            rows["quarantined"] <= max_quarantined * rows["read"],
            f"{share(rows['quarantined'], rows['read'])} records broke the contract and are in quarantine.",
            max_quarantined,
        ),
        Check(
            "freshness",
            "warn",
            hours_behind <= max_hours_behind,
            f"The newest event is {hours_behind:.1f} hours older than {day}." if len(events) else "There is no event.",
            max_hours_behind,
        ),
        Check(
            "future_events",
            "warn",
            n_future <= max_future_events,
            f"{counted(n_future, 'event lies', 'events lie')} after {day}.",
            max_future_events,
        ),
        _volume(compared, max_volume_ratio),
        _gaps(compared, min_missing_events),
    ]


def _volume(compared: pd.DataFrame, max_volume_ratio: float) -> Check:
    unusual, n_known = unusual_hours(compared, max_volume_ratio=max_volume_ratio), int(compared["usual_events"].count())
    finding = f"{share(len(unusual), n_known)} hours had far more or fewer events than usual"
    if len(unusual):
        worst = unusual.loc[(unusual["n_events"] - unusual["usual_events"]).abs().idxmax()]
        finding += (
            f", such as {worst.name:%Y-%m-%d %H:00}: {worst['n_events']:,.0f}, usually {worst['usual_events']:,.0f}"
        )
    return Check("volume", "warn", unusual.empty, f"{finding}." if n_known else _INCOMPARABLE, max_volume_ratio)


def _gaps(compared: pd.DataFrame, min_missing_events: float) -> Check:
    found = gaps(compared, min_missing_events=min_missing_events)
    finding = "No hour is empty in which events usually come."
    if len(found):
        longest = found.loc[found["n_hours"].idxmax()]
        finding = (
            f"{counted(len(found), 'gap')}, the longest of {counted(longest['n_hours'], 'hour')} from "
            f"{longest['first_hour']:%Y-%m-%d %H:00}, in which {longest['usual_events']:,.0f} events usually come."
        )
    known = compared["usual_events"].notna().any()
    return Check("gaps", "warn", found.empty, finding if known else _INCOMPARABLE, min_missing_events)


_INCOMPARABLE = "No hour can be compared: that takes three earlier days with events."
