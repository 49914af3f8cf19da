"""A history's events, each once, typed; and who owns their devices."""

import pandas as pd

from etl.analysis.events import device_owners, events_of, one_row_per_event
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
    """Rows of further owners are left out, those without owner stay."""
    assert one_row_per_event(HISTORY).index.tolist() == [0, 2, 3]


def test_events_have_types_that_compute():
    """Seconds are numbers, what has no type is unknown, file order stays."""
    events = events_of(HISTORY.iloc[[3, 2, 0, 1]])
    assert events.to_numpy().tolist() == [
        ["x", 1616511601, "off", "(unknown)"],
        ["b", 1616511600, "off", "エアコン"],
        ["a", 1616506124, "on", "TV"],
    ]
    assert events["timestamp"].dtype == "int64"


def test_a_type_may_be_called_unknown_already():
    """It then shares the column with those that have none."""
    history = HISTORY.assign(type=["TV", "TV", "(unknown)", None])
    assert events_of(history)["type"].tolist() == ["TV", "(unknown)", "(unknown)"]


def test_what_is_no_event_is_left_out():
    """A damaged history is for the checks to fail; a lost column leaves nothing, and nothing breaks."""
    damaged = HISTORY.assign(timestamp=["soon", "1.5", "1616511600", "1616511601"], power=["on", "on", "ON", "off"])
    assert events_of(damaged)["device_id"].tolist() == ["x"]
    for column in HISTORY_COLUMNS[:3]:
        assert events_of(HISTORY.drop(columns=column)).empty
    assert events_of(HISTORY.drop(columns=["user_id", "type"]))["type"].unique().tolist() == ["(unknown)"]
    assert events_of(HISTORY.iloc[:0]).empty


def test_owners_are_one_row_each():
    """A device without owner has none."""
    assert device_owners(HISTORY).to_numpy().tolist() == [
        ["a", "u1", "TV"],
        ["a", "u2", "Lamp"],
        ["b", "u1", "エアコン"],
    ]
