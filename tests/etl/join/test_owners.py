"""The join keeps every event, in order, and its counts prove it."""

import dataclasses
import random

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from etl.contract.record import EVENT_COLUMNS, HISTORY_COLUMNS
from etl.contract.row_counts import RowCounts
from etl.errors import MissingColumnsError, ReconciliationError
from etl.join.owners import Owners, join_devices
from etl.join.reconciliation import Tally
from etl.join.text_index import TextIndex

EVENTS = pd.DataFrame(
    [("b", "30", "on"), ("a", "10", "on"), ("x", "20", "off"), ("a", "10", "on")], columns=EVENT_COLUMNS, dtype="str"
)
DEVICES = pd.DataFrame(
    [("u2", "a", "TV"), ("u1", "a", "Lamp"), ("u1", "b", None), ("u3", "unused", "TV")],
    columns=["user_id", "device_id", "type"],
    dtype="str",
)


def count(events, devices, history, *, n_read=None, n_quarantined=0):
    """Count one piece."""
    tally = Tally(Owners(devices))
    numbers = tally.add(events, history, n_read=len(events) if n_read is None else n_read, n_quarantined=n_quarantined)
    return tally.rows(n_duplicates=len(numbers) - len(set(numbers)))


def test_keeps_every_event_in_raw_order_with_a_row_for_each_owner():
    """Unmatched events stay with nulls, several owners fan out sorted, a device without type leaves it null."""
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
    """The caller's frames are the caller's."""
    events, devices = EVENTS.copy(), DEVICES.copy()
    join_devices(events, devices)
    pd.testing.assert_frame_equal(events, EVENTS)
    pd.testing.assert_frame_equal(devices, DEVICES)


def test_joins_on_the_device_alone():
    """A column that both tables happen to have is neither compared nor mixed up."""
    events = EVENTS.assign(user_id="evil", type="evil")
    pd.testing.assert_frame_equal(join_devices(events, DEVICES), join_devices(EVENTS, DEVICES))


@pytest.mark.parametrize(
    ("events", "devices"), [(EVENTS.iloc[:0], DEVICES), (EVENTS, DEVICES.iloc[:0]), (EVENTS.iloc[:0], DEVICES.iloc[:0])]
)
def test_empty_tables_join(events, devices):
    """No events give no rows; no devices leave every event unmatched."""
    history = join_devices(events, devices)
    assert history["device_id"].tolist() == events["device_id"].tolist()
    count(events, devices, history).prove()


@pytest.mark.parametrize(("table", "column"), [("events", "power"), ("devices", "type")])
def test_a_missing_column_is_named_with_its_table(table, column):
    """The message says which table lacks what."""
    frames = {"events": EVENTS, "devices": DEVICES}
    frames[table] = frames[table].drop(columns=column)
    with pytest.raises(MissingColumnsError, match=f"{table}: no column {column}; found "):
        join_devices(**frames)


def test_counts_each_figure_from_its_own_source():
    """The counts of the example, by hand."""
    history = join_devices(EVENTS, DEVICES)
    rows = count(EVENTS, DEVICES, history, n_read=5, n_quarantined=1)
    assert rows == RowCounts(
        read=5, valid=4, quarantined=1, matched=3, unmatched=1, fanned_out_extra=2, written=6, duplicates=1
    )
    rows.prove()


def test_an_inner_join_does_not_prove_itself():
    """Losing the unmatched event is noticed."""
    inner = join_devices(EVENTS, DEVICES).dropna(subset="user_id")
    rows = count(EVENTS, DEVICES, inner)
    with pytest.raises(ReconciliationError, match="written = matched \\+ unmatched \\+ fanned_out_extra: 5 is not 6"):
        rows.prove()


@pytest.mark.parametrize(
    "count", ["read", "valid", "quarantined", "matched", "unmatched", "fanned_out_extra", "written"]
)
def test_a_wrong_count_breaks_an_identity(count):
    """Each count but that of the duplicates is held by an identity."""
    rows = RowCounts(
        read=5, valid=4, quarantined=1, matched=3, unmatched=1, fanned_out_extra=2, written=6, duplicates=0
    )
    rows.prove()
    with pytest.raises(ReconciliationError):
        dataclasses.replace(rows, **{count: getattr(rows, count) + 1}).prove()


def test_lists_devices_without_owner_with_near_misses():
    """A device that differs from a known one in blanks or case only is hinted at."""
    events = pd.DataFrame(
        [(device_id, "1", "on") for device_id in ("z", " A\u3000", "z", "a")], columns=EVENT_COLUMNS, dtype="str"
    )
    tally = Tally(Owners(DEVICES))
    for piece in (events.iloc[:2], events.iloc[2:]):
        tally.add(piece, join_devices(piece, DEVICES), n_read=2, n_quarantined=0)
    listed = tally.unmatched_devices()
    assert listed["device_id"].tolist() == [" A\u3000", "z"]
    assert listed["n_events"].tolist() == [1, 2]
    assert listed["near_miss"].fillna("").tolist() == ["a", ""]


def test_lists_no_more_devices_than_memory_allows(monkeypatch):
    """Beyond the limit they are counted only."""
    monkeypatch.setattr("etl.join.reconciliation.MOST_LISTED_DEVICES", 2)
    events = pd.DataFrame([(name, "1", "on") for name in "xyzx"], columns=EVENT_COLUMNS, dtype="str")
    tally = Tally(Owners(DEVICES))
    tally.add(events, events, n_read=4, n_quarantined=0)
    assert tally.unmatched_devices()["n_events"].tolist() == [2, 1]
    assert tally.n_unmatched == 4


def test_prepared_owners_join_like_their_frame():
    """Piece after piece, also with frames whose text Python stores."""
    owners = Owners(DEVICES)
    for storage in ("pyarrow", "python"):
        events = EVENTS.astype(pd.StringDtype(storage, na_value=float("nan")))
        for piece in (events, events.iloc[2:], events.iloc[:1], events):
            expected = join_devices(piece, DEVICES)
            pd.testing.assert_frame_equal(join_devices(piece, owners), expected)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a", "10", "on"), ("a", "10", "off")),
        (("a", "10", "on"), ("a", "010", "on")),
        (("a", "10", "on"), ("b", "10", "on")),
        (("x", "10", "on"), ("y", "10", "on")),
        (("x", "10", "on"), ("x", "11", "on")),
        (("x", "10", "on"), ("a", "10", "on")),
    ],
)
def test_only_exact_duplicates_have_the_same_number(one, other):
    """Whether the device is known or not, every digit counts."""
    events = pd.DataFrame([one, other, one], columns=EVENT_COLUMNS, dtype="str")
    first, second, third = Tally(Owners(DEVICES)).add(events, events, n_read=3, n_quarantined=0)
    assert first == third != second


@pytest.mark.parametrize("n_known", [0, 1, 2, 1000])
@pytest.mark.parametrize("longest", [7, 8, 9, 40, 100])
def test_the_index_finds_exactly_what_arrow_finds(n_known, longest):
    """Texts of every length, in one block or in a slice of one; also those that Arrow is left with."""
    made = random.Random(longest)  # noqa: S311 - no secret
    texts = sorted({"".join(made.choices("ab\0é😀", k=made.randint(0, longest)))[:longest] for _ in range(2 * n_known)})
    known = pa.array(texts[:n_known], pa.large_string())
    asked = pa.array([*texts[::-1], "", "a", "a\0", "a" * 200], pa.large_string())
    for part in (asked, asked[3:-2], asked[:0]):
        expected = pc.fill_null(pc.index_in(part, known), -1).to_pylist()
        assert TextIndex(known).find(part).tolist() == expected


def test_the_index_gives_up_on_texts_that_collide(monkeypatch):
    """Whoever makes ids that want the same slot makes the join slower, not wrong."""
    monkeypatch.setattr("etl.join.text_index._hashed", lambda n_bytes, _words: np.zeros(len(n_bytes), np.uint64))
    known = pa.array([f"id{number}" for number in range(200)], pa.large_string())
    assert TextIndex(known).find(known).tolist() == list(range(200))
