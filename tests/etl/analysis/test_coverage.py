"""Events, device master and history are compared: shared devices, devices without events, same rows."""

import pandas as pd

from etl.analysis import coverage

EVENTS = pd.DataFrame(
    [("lamp", "1", "on"), ("TV ", "2", "on"), ("ghost", "3", "on"), ("Fan", "4", "on"), ("TV ", "5", "off")],
    columns=["device_id", "timestamp", "power"],
)
DEVICES = pd.DataFrame(
    [("u2", "lamp", "light"), ("u1", "lamp", "light"), ("u1", "TV", "TV"), ("u1", "fan", None), ("u2", "kettle", "")],
    columns=["user_id", "device_id", "type"],
)
HISTORY = pd.DataFrame(
    [
        ("lamp", "1", "on", "u1", "light"),
        ("lamp", "1", "on", "u2", "light"),
        ("TV ", "2", "on", None, None),
        ("ghost", "3", "on", None, None),
        ("Fan", "4", "on", None, None),
        ("TV ", "5", "off", None, None),
    ],
    columns=["device_id", "timestamp", "power", "user_id", "type"],
)


def test_shared_devices_list_their_owners_sorted():
    """A shared device has one row with its owners; without shared devices the table is empty."""
    assert coverage.shared_devices(DEVICES).to_numpy().tolist() == [["lamp", 2, "u1, u2"]]
    assert coverage.shared_devices(DEVICES.tail(3)).empty


def test_devices_without_events_keep_the_masters_order():
    """A device whose events have its id in another spelling counts as one without events."""
    assert coverage.devices_without_events(EVENTS, DEVICES)["device_id"].tolist() == ["TV", "fan", "kettle"]


def test_the_join_and_pandas_merge_have_the_same_rows():
    """An outer join without the devices that sent nothing has the history's rows in another order; a lost row shows."""
    merged = EVENTS.merge(DEVICES, on="device_id", how="outer", indicator=True)
    merged = merged[merged["_merge"] != "right_only"]
    assert coverage.same_rows(HISTORY, merged)
    assert not coverage.same_rows(HISTORY.tail(-1), merged)
    assert not coverage.same_rows(HISTORY.assign(type="TV"), merged)


def test_events_are_counted_for_each_owner():
    """The shared lamp counts for both owners; unmatched events count for the empty owner and type."""
    counts = coverage.events_by_owner_and_type(HISTORY)
    assert counts.to_numpy().tolist() == [["", "", 3, 3, 1], ["u1", "light", 1, 1, 0], ["u2", "light", 1, 1, 0]]
