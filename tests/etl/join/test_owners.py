"""The join keeps every event, in raw order, with a row for each owner."""

import pandas as pd
import pytest

from etl.contract.columns import EVENT_COLUMNS, HISTORY_COLUMNS
from etl.errors import MissingColumnsError
from etl.join.owners import Owners, join_devices

EVENTS = pd.DataFrame(
    [("b", "30", "on"), ("a", "10", "on"), ("x", "20", "off"), ("a", "10", "on")], columns=EVENT_COLUMNS, dtype="str"
)
DEVICES = pd.DataFrame(
    [("u2", "a", "TV"), ("u1", "a", "Lamp"), ("u1", "b", None), ("u3", "unused", "TV")],
    columns=["user_id", "device_id", "type"],
    dtype="str",
)


def test_keeps_every_event_in_raw_order_with_a_row_for_each_owner():
    """Unmatched events stay, with nulls; several owners fan out, sorted; a device without type leaves it null."""
    expected = pd.DataFrame(
        [
            ("b", "30", "on", "u1", None),
            ("a", "10", "on", "u1", "Lamp"),
            ("a", "10", "on", "u2", "TV"),
            ("x", "20", "off", None, None),
            ("a", "10", "on", "u1", "Lamp"),
            ("a", "10", "on", "u2", "TV"),
        ],
        columns=HISTORY_COLUMNS,
        dtype="str",
    )
    pd.testing.assert_frame_equal(join_devices(EVENTS, DEVICES), expected)


def test_leaves_its_inputs_unchanged():
    """The join does not change the frames that it gets."""
    events, devices = EVENTS.copy(), DEVICES.copy()
    join_devices(events, devices)
    pd.testing.assert_frame_equal(events, EVENTS)
    pd.testing.assert_frame_equal(devices, DEVICES)


def test_joins_on_the_device_alone():
    """A column that events and devices happen to share is neither compared nor mixed up."""
    events = EVENTS.assign(user_id="evil", type="evil")
    pd.testing.assert_frame_equal(join_devices(events, DEVICES), join_devices(EVENTS, DEVICES))


@pytest.mark.parametrize(
    ("events", "devices"), [(EVENTS.iloc[:0], DEVICES), (EVENTS, DEVICES.iloc[:0]), (EVENTS.iloc[:0], DEVICES.iloc[:0])]
)
def test_empty_tables_join(events, devices):
    """Without events the history is empty; without devices every event stays, unmatched."""
    history = join_devices(events, devices)
    assert history["device_id"].tolist() == events["device_id"].tolist()


@pytest.mark.parametrize(("table", "column"), [("events", "power"), ("devices", "type")])
def test_a_missing_column_is_named_with_its_table(table, column):
    """The error names the table and the missing column."""
    frames = {"events": EVENTS, "devices": DEVICES}
    frames[table] = frames[table].drop(columns=column)
    with pytest.raises(MissingColumnsError, match=f"{table}: no column {column}; found "):
        join_devices(**frames)


def test_prepared_owners_join_like_their_frame():
    """Owners that were indexed once join piece after piece like the frame, however pandas stores text."""
    owners = Owners(DEVICES)
    for storage in ("pyarrow", "python"):
        events = EVENTS.astype(pd.StringDtype(storage, na_value=float("nan")))
        for piece in (events, events.iloc[2:], events.iloc[:1], events):
            expected = join_devices(piece, DEVICES)
            pd.testing.assert_frame_equal(join_devices(piece, owners), expected)
