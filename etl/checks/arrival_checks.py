"""Did everything arrive: checks of what was read, how new it is, and how much came in each hour."""

from __future__ import annotations

from etl.analysis import volume as hourly
from etl.analysis.local_time import SECONDS_PER_HOUR
from etl.checks.check import Check, RunData
from etl.formatting import quantity, share

NOT_COMPARABLE = "No hour can be compared: that takes three earlier days with events."


def events(data: RunData) -> Check:
    """Check that there is an event."""
    n_valid = data.report["rows"]["valid"]
    return Check("events", "warn", n_valid > 0, f"{quantity(n_valid, 'event')} arrived.")


def quarantine(data: RunData, *, max_quarantined: float) -> Check:
    """Check the share of records in quarantine."""
    n, n_read = data.report["rows"]["quarantined"], data.report["rows"]["read"]
    finding = f"{share(n, n_read)} records broke the contract and are in quarantine."
    return Check("quarantine", "warn", n <= max_quarantined * n_read, finding, max_quarantined)


def freshness(data: RunData, *, max_hours_behind: float) -> Check:
    """Check the hours from the newest event to the end of the run's day."""
    hours = (data.end_of_day - data.until) / SECONDS_PER_HOUR
    finding = f"The newest event is {hours:.1f} hours older than the end of {data.run_date} in {data.time_zone}."
    finding = "There is no event." if data.events.empty else finding
    return Check("freshness", "warn", hours <= max_hours_behind, finding, max_hours_behind)


def future_events(data: RunData, *, max_future_events: int) -> Check:
    """Check the number of events after the end of the run's day."""
    n = int((data.events["timestamp"] >= data.end_of_day).sum())
    day = f"the end of {data.run_date} in {data.time_zone}"
    finding = f"{quantity(n, 'event lies', 'events lie')} after {day}."
    return Check("future_events", "warn", n <= max_future_events, finding, max_future_events)


def volume(data: RunData, *, max_volume_ratio: float) -> Check:
    """Check that no hour has far more or fewer events than usual."""
    unusual = hourly.unusual_hours(data.compared_hours, max_volume_ratio=max_volume_ratio)
    n_comparable = int(data.compared_hours["usual_events"].count())
    finding = f"{share(len(unusual), n_comparable)} hours had far more or fewer events than usual"
    if len(unusual):
        worst = unusual.loc[(unusual["n_events"] - unusual["usual_events"]).abs().idxmax()]
        figures = f"{worst['n_events']:,.0f}, usually {worst['usual_events']:,.0f}"
        finding += f", such as {worst.name:%Y-%m-%d %H:00}: {figures}"
    finding = f"{finding}." if n_comparable else NOT_COMPARABLE
    return Check("volume", "warn", unusual.empty, finding, max_volume_ratio)


def gaps(data: RunData, *, min_missing_events: float) -> Check:
    """Check that no hour is empty in which events usually come."""
    empty = hourly.gaps(data.compared_hours, min_missing_events=min_missing_events)
    finding = "No hour is empty in which events usually come."
    if len(empty):
        longest = empty.loc[empty["n_hours"].idxmax()]
        finding = (
            f"{quantity(len(empty), 'gap')}, the longest of {quantity(longest['n_hours'], 'hour')} from "
            f"{longest['first_hour']:%Y-%m-%d %H:00}, in which {longest['usual_events']:,.0f} events usually come."
        )
    finding = finding if data.compared_hours["usual_events"].notna().any() else NOT_COMPARABLE
    return Check("gaps", "warn", empty.empty, finding, min_missing_events)
