"""Run time and concurrent use, compared with a loop over the sessions."""

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.analysis.events import device_owners, events_of
from etl.analysis.sessions import operation_sessions
from etl.analysis.usage import (
    by_weekday_and_hour,
    devices_on,
    longest_sessions,
    open_sessions,
    run_time_by_device,
    run_time_by_owner,
    run_time_by_type,
)
from etl.contract.columns import HISTORY_COLUMNS

TOKYO = "Asia/Tokyo"
MIDNIGHT = 1616511600  # of 24 March 2021 in Tokyo, a Wednesday


def history(*rows):
    """Return a history of (device, seconds after midnight, power, owner, type)."""
    return pd.DataFrame(
        [(device, str(MIDNIGHT + second), *rest) for device, second, *rest in rows],
        columns=HISTORY_COLUMNS,
        dtype="str",
    )


SHARED = history(
    *[("tv", 0, "on", user, "TV") for user in ("u1", "u2")],
    *[("tv", 7200, "off", user, "TV") for user in ("u1", "u2")],
    *[("lamp", 3600, "on", "u2", "Lamp"), ("lamp", 5400, "off", "u2", "Lamp"), ("lamp", 9000, "on", "u2", "Lamp")],
    ("x", 9000, "off", None, None),
)
EVENTS = events_of(SHARED)
SESSIONS = operation_sessions(EVENTS)
BY_DEVICE = run_time_by_device(EVENTS, SESSIONS)


def test_a_shared_device_is_never_doubled_among_the_devices():
    """The television ran for two hours, the lamp for half an hour, and the lamp is on again."""
    assert BY_DEVICE.to_numpy().tolist() == [
        ["tv", "TV", 1, 2.0, 2.0, False],
        ["lamp", "Lamp", 1, 0.5, 0.5, True],
        ["x", "(unknown)", 0, 0.0, 0.0, False],
    ]
    assert run_time_by_type(BY_DEVICE).to_numpy().tolist() == [
        ["TV", 1, 1, 2.0],
        ["Lamp", 1, 1, 0.5],
        ["(unknown)", 1, 0, 0],
    ]


def test_a_shared_device_counts_for_each_owner():
    """The owners together have more run time than the devices; devices without an owner come last."""
    assert run_time_by_owner(BY_DEVICE, device_owners(SHARED)).to_numpy().tolist() == [
        ["u2", 2, 2, 2.5],
        ["u1", 1, 1, 2.0],
        ["(unknown)", 1, 0, 0.0],
    ]


def test_each_hour_has_the_average_and_the_most():
    """The lamp, which is still on, counts up to the end."""
    on = devices_on(SESSIONS, until=MIDNIGHT + 10800, time_zone=TOKYO)
    assert on.reset_index().to_numpy().tolist() == [
        [pd.Timestamp("2021-03-24 00:00"), 1, 1.0],
        [pd.Timestamp("2021-03-24 01:00"), 2, 1.5],
        [pd.Timestamp("2021-03-24 02:00"), 1, 0.5],
    ]
    week = by_weekday_and_hour(on)
    assert week.shape == (7, 24)
    assert week.loc["Wed", [0, 1, 2]].tolist() == [1.0, 1.5, 0.5]
    assert week.notna().to_numpy().sum() == 3


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9000), st.sampled_from(["on", "off"])), max_size=14))
def test_every_hour_is_that_of_a_loop(rows):
    """The average and the most of every hour agree with a loop over the sessions, for any events."""
    events = events_of(history(*[(*row, "u", "TV") for row in rows]))
    until = int(events["timestamp"].max()) if len(events) else MIDNIGHT
    sessions = operation_sessions(events)
    spans = [
        (b.timestamp(), e.timestamp()) for b, e in zip(sessions.closed["on_at"], sessions.closed["off_at"], strict=True)
    ]
    spans += [(begin.timestamp(), until) for begin in sessions.open["on_at"]]
    on = devices_on(sessions, until=until, time_zone=TOKYO)
    for hour, max_on, mean_on in on.itertuples():
        start = int(hour.tz_localize(TOKYO).timestamp())
        # the most begins with the hour, or where a session begins
        moments = {start, *(int(b) for b, _ in spans if start <= b < start + 3600)}
        assert max_on == max(sum(b <= moment < e for b, e in spans) for moment in moments)
        assert round(mean_on * 3600) == sum(max(0, min(e, start + 3600) - max(b, start)) for b, e in spans)
    assert round(on["mean_on"].sum() * 3600) == sum(e - b for b, e in spans)


def test_the_longest_and_the_open_are_on_the_zones_clock():
    """The television was on from midnight, the lamp has been on since half past two."""
    assert longest_sessions(SESSIONS, time_zone=TOKYO, n=1).to_numpy().tolist() == [
        ["tv", "2021-03-24 00:00:00", "2021-03-24 02:00:00", 2.0]
    ]
    still_on = open_sessions(SESSIONS, until=MIDNIGHT + 10800, time_zone=TOKYO)
    assert still_on.to_numpy().tolist() == [["lamp", "2021-03-24 02:30:00", 0.5]]


def test_an_hour_that_the_clock_repeats_has_two_hours():
    """In Berlin the clock went from two to three twice on 31 October 2021; no second is lost."""
    begin = int(pd.Timestamp("2021-10-31 00:30", tz="Europe/Berlin").timestamp())
    rows = pd.DataFrame(
        [("a", str(begin), "on"), ("a", str(begin + 4 * 3600), "off")], columns=["device_id", "timestamp", "power"]
    )
    on = devices_on(operation_sessions(rows), until=begin, time_zone="Europe/Berlin")
    assert on.index.hour.tolist() == [0, 1, 2, 3]
    assert on["mean_on"].tolist() == [0.5, 1, 1, 0.5]


def test_a_session_that_begins_after_the_end_does_not_count():
    """Until two o'clock, only the television and the lamp's first session count: the second begins at half past."""
    on = devices_on(SESSIONS, until=MIDNIGHT + 7200, time_zone=TOKYO)
    assert on["max_on"].tolist() == [1, 2]
    assert on["mean_on"].tolist() == [1.0, 1.5]
    late = operation_sessions(EVENTS[(EVENTS["timestamp"] == MIDNIGHT + 9000) & (EVENTS["power"] == "on")])
    assert devices_on(late, until=MIDNIGHT, time_zone=TOKYO).empty


def test_no_events_have_no_run_time():
    """An empty day has empty tables."""
    none = operation_sessions(EVENTS.iloc[:0])
    assert devices_on(none, until=0, time_zone=TOKYO).empty
    assert by_weekday_and_hour(devices_on(none, until=0, time_zone=TOKYO)).isna().to_numpy().all()
    assert run_time_by_owner(run_time_by_device(EVENTS.iloc[:0], none), device_owners(SHARED.iloc[:0])).empty
    assert longest_sessions(none, time_zone=TOKYO).empty
    assert open_sessions(none, until=0, time_zone=TOKYO).empty
