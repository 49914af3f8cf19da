"""Sessions pair each on with its off, in the order of the seconds, compared with a loop over the events."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.analysis.sessions import operation_sessions, seconds_by_day
from etl.errors import MissingColumnsError


def events(*rows):
    """Return events of (device, second, power)."""
    return pd.DataFrame(rows, columns=["device_id", "timestamp", "power"], dtype="str")


def slowly(rows):
    """Return closed and open sessions and the counts, worked out in a loop over the events."""
    is_on, closed, repeated, orphaned = {}, [], 0, 0
    for device, second, power in sorted(rows, key=lambda row: int(row[1])):
        if power == "on":
            repeated += device in is_on
            is_on.setdefault(device, int(second))
        elif device in is_on:
            begin = is_on.pop(device)
            closed.append((device, begin, int(second), int(second) - begin))
        else:
            orphaned += 1
    return sorted(closed), sorted(is_on.items()), repeated, orphaned


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(95, 105).map(str), st.sampled_from(["on", "off"])), max_size=12
    )
)
def test_every_session_is_that_of_a_loop(rows):
    """Seconds are compared as numbers (99 is before 100); events of the same second keep file order."""
    sessions = operation_sessions(events(*rows))
    seconds = {name: sessions.closed[name].map(lambda at: int(at.timestamp())) for name in ("on_at", "off_at")}
    closed = list(zip(sessions.closed["device_id"], *seconds.values(), sessions.closed["seconds"], strict=True))
    opened = sessions.open["on_at"].map(lambda at: int(at.timestamp()))
    still_on = list(zip(sessions.open["device_id"], opened, strict=True))
    # sessions of the same device and second keep their order
    assert (sorted(closed), sorted(still_on), sessions.n_repeated_on, sessions.n_orphaned_off) == slowly(rows)


def test_the_order_of_the_same_second_decides():
    """On and off within a second make a session of no seconds; off and on make an orphan and an open session."""
    assert operation_sessions(events(("a", "5", "on"), ("a", "5", "off"))).closed["seconds"].tolist() == [0]
    other = operation_sessions(events(("a", "5", "off"), ("a", "5", "on")))
    assert (len(other.closed), len(other.open), other.n_orphaned_off) == (0, 1, 1)


def test_no_events_have_no_sessions():
    """An empty day has empty tables."""
    sessions = operation_sessions(events())
    assert sessions.closed.empty
    assert sessions.open.empty
    assert seconds_by_day(sessions, time_zone="Asia/Tokyo").empty


def test_a_missing_column_is_named():
    """The error names the column."""
    with pytest.raises(MissingColumnsError, match="events: no column power"):
        operation_sessions(events().drop(columns="power"))


def at(text, zone="Asia/Tokyo"):
    """Return Unix seconds of a local time."""
    return str(int(pd.Timestamp(text, tz=zone).timestamp()))


def test_days_are_split_at_the_zones_midnight():
    """A session may pass two midnights, end at one, or have no seconds."""
    sessions = operation_sessions(
        events(
            ("a", at("2021-03-22 23:00"), "on"),
            ("a", at("2021-03-24 01:00"), "off"),
            ("b", at("2021-03-23 23:59:59"), "on"),
            ("b", at("2021-03-24 00:00"), "off"),
            ("c", at("2021-03-23 00:00"), "on"),
            ("c", at("2021-03-23 00:00"), "off"),
        )
    )
    days = seconds_by_day(sessions, time_zone="Asia/Tokyo")
    assert days.to_numpy().tolist() == [
        ["a", "2021-03-22", 3600],
        ["a", "2021-03-23", 86400],
        ["a", "2021-03-24", 3600],
        ["b", "2021-03-23", 1],
        ["c", "2021-03-23", 0],
    ]
    assert days["seconds"].sum() == sessions.closed["seconds"].sum()


def test_a_day_has_as_many_hours_as_the_zone_gives_it():
    """Berlin's clocks go forward on 28 March 2021, which has 23 hours."""
    zone = "Europe/Berlin"
    weekend = events(("a", at("2021-03-27 12:00", zone), "on"), ("a", at("2021-03-29 12:00", zone), "off"))
    days = seconds_by_day(operation_sessions(weekend), time_zone=zone)
    assert (days["seconds"] / 3600).tolist() == [12, 23, 12]
