"""A history's events, each once and typed, and the owners of their devices."""

import pandas as pd

from etl.analysis.events import device_owners, events_of, newest_event, one_row_per_event
from etl.analysis.local_time import end_of_day
from etl.contract.columns import HISTORY_COLUMNS

HISTORY = pd.DataFrame(
    [
        ("a", "1616506124", "on", "u1", "TV"),
        ("a", "1616506124", "on", "u2", "Lamp"),
        ("b", "1616511600", "off", "u1", "エアコン"),
        ("x", "1616511601", "off", None, None),
    ],
    columns=HISTORY_COLUMNS,
    dtype="str",
)


def test_an_event_counts_once_however_many_owners_it_has():
    """Rows of further owners are left out, rows without owner stay."""
    assert one_row_per_event(HISTORY).index.tolist() == [0, 2, 3]


def test_events_have_types_that_compute():
    """Seconds are numbers, a missing type is (unknown), and events keep file order."""
    events = events_of(HISTORY.iloc[[3, 2, 0, 1]])
    assert events.to_numpy().tolist() == [
        ["x", 1616511601, "off", "(unknown)"],
        ["b", 1616511600, "off", "エアコン"],
        ["a", 1616506124, "on", "TV"],
    ]
    assert events["timestamp"].dtype == "int64"


def test_a_type_may_be_called_unknown_already():
    """Devices of the type (unknown) are counted with devices without type."""
    history = HISTORY.assign(type=["TV", "TV", "(unknown)", None])
    assert events_of(history)["type"].tolist() == ["TV", "(unknown)", "(unknown)"]


def test_rows_that_are_no_events_are_left_out():
    """A damaged history raises no error here: the checks report it. Without a needed column there are no events."""
    damaged = HISTORY.assign(timestamp=["soon", "1.5", "1616511600", "1616511601"], power=["on", "on", "ON", "off"])
    assert events_of(damaged)["device_id"].tolist() == ["x"]
    for column in HISTORY_COLUMNS[:3]:
        assert events_of(HISTORY.drop(columns=column)).empty
    assert events_of(HISTORY.drop(columns=["user_id", "type"]))["type"].unique().tolist() == ["(unknown)"]
    assert events_of(HISTORY.iloc[:0]).empty


def test_each_owner_of_a_device_has_a_row():
    """A device without owner has no row."""
    assert device_owners(HISTORY).to_numpy().tolist() == [
        ["a", "u1", "TV"],
        ["a", "u2", "Lamp"],
        ["b", "u1", "エアコン"],
    ]


def test_the_newest_event_is_not_in_the_future():
    """A device whose clock is wrong does not make an old file new; without events, the day's end counts."""
    day = {"run_date": "2021-03-23", "time_zone": "Asia/Tokyo"}
    end = end_of_day("2021-03-23", time_zone="Asia/Tokyo")
    for after_end, newest in (((-5, 3), end - 5), ((3,), end), ((), end)):
        events = pd.DataFrame({"timestamp": [end + second for second in after_end]}, dtype="int64")
        assert newest_event(events, **day) == newest
