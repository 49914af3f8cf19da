"""The figures of each device, compared with a loop over its events."""

from itertools import pairwise

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.analysis.device_health import device_health, health_summary, silent_devices, stuck_devices
from etl.analysis.sessions import operation_sessions

HOUR = 3600


def events(rows):
    """Return events of (device, second, power)."""
    frame = pd.DataFrame(rows, columns=["device_id", "timestamp", "power"])
    return frame.astype({"device_id": "category", "timestamp": "int64", "power": "str"})


def slowly(rows, until):
    """Return the figures of each device, worked out in a loop over its events."""
    figures = {}
    for device in sorted({row[0] for row in rows}):
        own = [(second, power) for name, second, power in rows if name == device]
        late = sum(second < max(s for s, _ in own[: n + 1]) for n, (second, _) in enumerate(own))
        own.sort(key=lambda event: event[0])
        on_since, repeated, orphaned, longest_on, in_a_row, longest_row = None, 0, 0, 0, 0, 0
        for n, (second, power) in enumerate(own):
            in_a_row = in_a_row + 1 if n and own[n - 1][1] == power else 1
            longest_row = max(longest_row, in_a_row)
            if power == "on":
                repeated += on_since is not None
                on_since = second if on_since is None else on_since
            elif on_since is None:
                orphaned += 1
            else:
                longest_on, on_since = max(longest_on, second - on_since), None
        if on_since is not None:
            longest_on = max(longest_on, until - on_since)
        pauses = [after[0] - before[0] for before, after in pairwise(own)]
        figures[device] = [
            *(len(own), repeated, orphaned, own[0][1] == "off", longest_row),
            *(longest_on / HOUR, max(pauses, default=0) / HOUR, max(until - own[-1][0], 0) / HOUR, late),
        ]
    return figures


@settings(deadline=None, max_examples=150)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(100, 120), st.sampled_from(["on", "off"])),
        min_size=1,
        max_size=20,
    )
)
def test_every_figure_is_that_of_a_loop(rows):
    """Every figure of every device agrees with the loop, and the counts agree with those of the sessions."""
    until = max(row[1] for row in rows)
    health = device_health(events(rows), until=until)
    assert {device: list(row) for device, *row in health.itertuples()} == slowly(rows, until)
    sessions = operation_sessions(events(rows))
    assert health["n_repeated_on"].sum() == sessions.n_repeated_on
    assert health["n_orphaned_off"].sum() == sessions.n_orphaned_off


def test_a_silence_is_compared_with_the_devices_own_pauses():
    """An hourly device is silent after two days; a device of every other day is not, and neither is a new one."""
    rows = [("hourly", n * HOUR, "on") for n in range(20)] + [("rare", n * 48 * HOUR, "on") for n in range(-10, 1)]
    rows += [("new", 0, "on")]
    health = device_health(events(rows), until=80 * HOUR)
    assert silent_devices(health, max_silent_hours=48).index.tolist() == ["hourly"]
    assert silent_devices(health, max_silent_hours=62).empty


def test_a_stuck_device_repeats_itself_or_stays_on():
    """One device repeats off eleven times, another is never switched off, a third does neither."""
    rows = [("again", n, "off") for n in range(11)] + [("long", 0, "on"), ("fine", 0, "on"), ("fine", HOUR, "off")]
    health = device_health(events(rows), until=25 * HOUR)
    assert stuck_devices(health, max_hours_on=24, max_in_a_row=10).index.tolist() == ["again", "long"]
    assert stuck_devices(health, max_hours_on=25, max_in_a_row=11).empty


def test_the_summary_begins_with_stuck_and_silent_devices():
    """Its remark names the reason; of devices with as many reasons, those that repeat themselves most come first."""
    rows = [("fine", 100 * HOUR, "on"), ("again", 100 * HOUR, "off"), ("again", 100 * HOUR, "off")]
    rows += [("both", n * HOUR, "on") for n in range(12)] + [
        ("silent", n * HOUR, ["on", "off"][n % 2]) for n in range(12)
    ]
    summary = health_summary(
        device_health(events(rows), until=100 * HOUR), max_silent_hours=48, max_hours_on=99, max_in_a_row=1
    )
    remarks = {"both": "stuck, silent", "again": "stuck", "silent": "silent", "fine": ""}
    assert list(summary["remark"].items()) == list(remarks.items())


def test_no_events_have_no_devices():
    """An empty day has an empty table."""
    assert device_health(events([]), until=5).empty
