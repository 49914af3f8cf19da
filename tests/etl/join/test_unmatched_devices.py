"""Devices that have events but no owner are listed, with a near miss and a reason."""

import pandas as pd
import pyarrow as pa

from etl.join.owners import Owners
from etl.join.unmatched_devices import UnmatchedDevices, why_unmatched

EVENTS = pd.DataFrame(
    [("lamp", "1", "on"), ("TV ", "2", "on"), ("ghost", "3", "on"), ("Fan", "4", "on"), ("TV ", "5", "off")],
    columns=["device_id", "timestamp", "power"],
)
DEVICES = pd.DataFrame(
    [("u2", "lamp", "light"), ("u1", "lamp", "light"), ("u1", "TV", "TV"), ("u1", "fan", None), ("u2", "kettle", "")],
    columns=["user_id", "device_id", "type"],
)


def rows(frame):
    """Return a frame as plain rows, None for null."""
    return frame.astype("object").where(frame.notna(), None).to_numpy().tolist()


def ids(*device_ids):
    """Return device ids as a column of events."""
    return pa.chunked_array([pa.array(device_ids, pa.large_string())])


def test_lists_devices_with_near_misses_piece_by_piece():
    """A device that differs from a known one in blanks or case only gets that one as its near miss."""
    unmatched = UnmatchedDevices(Owners(DEVICES))
    unmatched.add(ids("z", " LAMP\u3000", "lamp"))
    unmatched.add(ids("z", "lamp"))
    assert rows(unmatched.table()) == [[" LAMP\u3000", 1, "lamp"], ["z", 2, None]]


def test_lists_no_more_devices_than_memory_allows():
    """Devices beyond the limit are not listed, and those within it are still counted."""
    unmatched = UnmatchedDevices(Owners(DEVICES), max_listed=2)
    unmatched.add(ids("x", "y"))
    unmatched.add(ids("z", "x"))
    assert rows(unmatched.table()) == [["x", 2, None], ["y", 1, None]]


def test_unmatched_devices_come_with_their_reason():
    """The device with most events comes first; a near miss is named, and never used."""
    assert rows(why_unmatched(EVENTS, DEVICES)) == [
        ["TV ", 2, "TV", "differs in blanks"],
        ["Fan", 1, "fan", "differs in case"],
        ["ghost", 1, None, "not in the master"],
    ]


def test_a_difference_in_blanks_and_case_is_one_reason():
    """An id that differs in blanks and in case gets a reason that names both."""
    events = EVENTS.assign(device_id=" tv")
    assert why_unmatched(events, DEVICES)["reason"].tolist() == ["differs in blanks and case"]


def test_a_day_that_matches_has_no_unmatched_devices():
    """A day without unmatched devices gives an empty table with its columns."""
    for events in (EVENTS.head(1), EVENTS.head(0)):
        table = why_unmatched(events, DEVICES)
        assert table.empty
        assert list(table) == ["device_id", "n_events", "near_miss", "reason"]
