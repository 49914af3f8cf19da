"""The identity of an event as a number of 64 bits, for counting duplicates."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from etl.join.owners import Owners
from etl.join.text_index import mixed

Numbers = npt.NDArray[np.uint64]

_PACKED_COLUMNS = ("device_id", "timestamp", "power")
_DEVICE_BITS = 25


def event_numbers(events: pa.Table, owners: Owners) -> Numbers:
    """Return a number for each event; equal events have equal numbers.

    The number of an event of a known device is exact: the seconds in 34 bits, the number of digits in 4, the power in
    1, the device's number in 25. Files mostly are in the order of time, and nearly sorted numbers are sorted fast, so
    the time has the upper bits. Other text is mixed in as a hash: the id of an unknown device, and any further column
    of an event. Among ten million events with such text, two different ones have the same number with a probability of
    three in a million.
    """
    device_numbers, _n_owners = owners.find(events["device_id"])
    seconds = pc.cast(events["timestamp"], pa.int64()).to_numpy()
    n_digits = pc.binary_length(events["timestamp"]).to_numpy()
    is_on = pc.equal(events["power"], "on").to_numpy()
    time_and_power = (((seconds << 4) + n_digits.astype(np.int64)) << 1) + is_on
    is_exact = (device_numbers >> _DEVICE_BITS) == 0  # neither -1, for an unknown device, nor too large
    numbers: Numbers = ((time_and_power << _DEVICE_BITS) + (device_numbers & (1 << _DEVICE_BITS) - 1)).astype(np.uint64)
    if not is_exact.all():
        hashes = _hashes(events["device_id"].filter(pa.array(~is_exact)))
        numbers[~is_exact] = mixed(numbers[~is_exact] ^ hashes)
    for name in events.column_names:
        if name not in _PACKED_COLUMNS:
            numbers = mixed(numbers ^ _hashes(events[name]))
    return numbers


def _hashes(texts: pa.ChunkedArray) -> Numbers:
    encoded = texts.combine_chunks().dictionary_encode()
    hashes = mixed(np.array([hash(text) for text in encoded.dictionary.to_pylist()], np.int64).astype(np.uint64))
    indexes: npt.NDArray[np.int64] = encoded.indices.to_numpy()
    return hashes[indexes]
