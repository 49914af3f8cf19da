"""Each row count comes from its own source, so that a lost row breaks an identity."""

import dataclasses

import pandas as pd
import pyarrow as pa
import pytest

from etl.contract.columns import EVENT_COLUMNS
from etl.contract.row_counts import RowCounts
from etl.errors import ReconciliationError
from etl.join.owners import Owners, join_devices
from etl.join.reconciliation import RowCounter

EVENTS = pd.DataFrame(
    [("b", "30", "on"), ("a", "10", "on"), ("x", "20", "off"), ("a", "10", "on")], columns=EVENT_COLUMNS, dtype="str"
)
DEVICES = pd.DataFrame(
    [("u2", "a", "TV"), ("u1", "a", "Lamp"), ("u1", "b", None), ("u3", "unused", "TV")],
    columns=["user_id", "device_id", "type"],
    dtype="str",
)


def count(events, devices, history, *, n_read=None, n_quarantined=0):
    """Return the counts of a run of one piece."""
    counter = RowCounter(Owners(devices))
    events = pa.table({name: pa.array(events[name], pa.large_string()) for name in EVENT_COLUMNS})
    counter.add(events, history, n_read=len(events) if n_read is None else n_read, n_quarantined=n_quarantined)
    return counter.rows(n_duplicates=0)


def test_counts_each_figure_from_its_own_source():
    """The counts of an example are those that were worked out by hand, and prove themselves."""
    history = join_devices(EVENTS, DEVICES)
    rows = count(EVENTS, DEVICES, history, n_read=5, n_quarantined=1)
    assert rows == RowCounts(
        read=5, valid=4, quarantined=1, matched=3, unmatched=1, fanned_out_extra=2, written=6, duplicates=0
    )
    rows.prove()


def test_an_inner_join_does_not_prove_itself():
    """A join that loses the unmatched event breaks an identity."""
    inner = join_devices(EVENTS, DEVICES).dropna(subset="user_id")
    rows = count(EVENTS, DEVICES, inner)
    with pytest.raises(ReconciliationError, match="written = matched \\+ unmatched \\+ fanned_out_extra: 5 is not 6"):
        rows.prove()


@pytest.mark.parametrize(
    "count", ["read", "valid", "quarantined", "matched", "unmatched", "fanned_out_extra", "written"]
)
def test_a_wrong_count_breaks_an_identity(count):
    """Changing any count but that of the duplicates breaks an identity."""
    rows = RowCounts(
        read=5, valid=4, quarantined=1, matched=3, unmatched=1, fanned_out_extra=2, written=6, duplicates=0
    )
    rows.prove()
    with pytest.raises(ReconciliationError):
        dataclasses.replace(rows, **{count: getattr(rows, count) + 1}).prove()


@pytest.mark.parametrize(
    ("events", "devices"), [(EVENTS.iloc[:0], DEVICES), (EVENTS, DEVICES.iloc[:0]), (EVENTS.iloc[:0], DEVICES.iloc[:0])]
)
def test_empty_tables_prove_themselves(events, devices):
    """The identities hold without events, and without devices."""
    count(events, devices, join_devices(events, devices)).prove()


def test_a_file_without_records_has_counts():
    """A run without pieces has all counts, each zero."""
    assert set(RowCounter(Owners(DEVICES)).rows(n_duplicates=0).to_dict().values()) == {0}
