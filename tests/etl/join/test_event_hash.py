"""Equal events have equal numbers, and different events different ones."""

import pandas as pd
import pyarrow as pa
import pytest

from etl.contract.columns import EVENT_COLUMNS
from etl.join.event_hash import event_numbers
from etl.join.owners import Owners

OWNERS = Owners(
    pd.DataFrame([("u1", "a", None), ("u1", "b", None)], columns=["user_id", "device_id", "type"], dtype="str")
)


def numbers_of(*events, names=tuple(EVENT_COLUMNS)):
    """Return the numbers of events, which are tuples of texts."""
    columns = [pa.array(column, pa.large_string()) for column in zip(*events, strict=True)]
    return event_numbers(pa.table(columns, names=list(names)), OWNERS).tolist()


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
    """Every digit, the power and the device count, whether the device is known or not."""
    first, second, third = numbers_of(one, other, one)
    assert first == third != second


def test_the_device_counts_however_many_devices_there_are(monkeypatch):
    """A device whose number needs more bits than there are is hashed by its id."""
    monkeypatch.setattr("etl.join.event_hash._DEVICE_BITS", 0)
    first, second, third = numbers_of(("a", "10", "on"), ("b", "10", "on"), ("a", "10", "on"))
    assert first == third != second


@pytest.mark.parametrize("device_id", ["a", "x"])
def test_a_further_column_of_an_event_counts(device_id):
    """An event with a field more is a duplicate only if that field is the same too."""
    names = (*EVENT_COLUMNS, "firmware")
    event = (device_id, "10", "on", "1.0")
    first, second, third = numbers_of(event, (*event[:3], "1.1"), event, names=names)
    assert first == third != second


def test_numbers_of_known_devices_are_in_the_order_of_time():
    """Events in the order of time have ascending numbers, which are sorted fast."""
    numbers = numbers_of(("b", "10", "on"), ("a", "11", "off"), ("a", "12", "on"))
    assert numbers == sorted(numbers)
