"""The tally of a run: every count from its own source, so that they prove that no row was lost."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from etl.contract.record import EVENT_COLUMNS
from etl.contract.row_counts import RowCounts
from etl.join.arrow_tables import text_table
from etl.join.owners import Owners
from etl.join.text_index import mixed

# Devices without an owner are listed up to here; beyond it they are only counted, so that memory stays bounded
MOST_LISTED_DEVICES = 10_000

_DEVICE_BITS = (1 << 25) - 1


@dataclass
class Tally:
    """The counts of a run, added up piece by piece, each from its own source so that the identities prove something.

    Attributes
    ----------
    owners
        The device master.
    """

    owners: Owners
    n_read: int = 0
    n_valid: int = 0
    n_quarantined: int = 0
    n_matched: int = 0
    n_unmatched: int = 0
    n_extra: int = 0
    n_written: int = 0
    _unmatched: Counter[str] = field(default_factory=Counter)

    def add(
        self,
        events: pd.DataFrame | pa.Table,
        history: pd.DataFrame | pa.Table,
        *,
        n_read: int,
        n_quarantined: int,
    ) -> npt.NDArray[np.uint64]:
        """Count a piece: the events, what was joined of them, and what the contract says of their records.

        Returns
        -------
        ndarray
            One number per event; two events have the same number if they are exactly the same. Events of unknown
            devices are told apart by a 64-bit hash: among ten million, two different ones share a number with a
            probability of three in a million.
        """
        table = text_table(events, EVENT_COLUMNS)
        numbers, n_owners = self.owners.find(table["device_id"])
        is_unknown = n_owners == 0
        self.n_read += n_read
        self.n_valid += len(events)
        self.n_quarantined += n_quarantined
        self.n_matched += len(events) - int(is_unknown.sum())
        self.n_unmatched += int(is_unknown.sum())
        self.n_extra += int(np.maximum(n_owners - 1, 0).sum())
        self.n_written += len(history)
        unknown = table["device_id"].filter(pa.array(is_unknown))
        self._list(unknown)
        return _event_numbers(table, numbers, is_unknown, unknown)

    def rows(self, *, n_duplicates: int) -> RowCounts:
        """Return the counts of all pieces."""
        return RowCounts(
            read=self.n_read,
            valid=self.n_valid,
            quarantined=self.n_quarantined,
            matched=self.n_matched,
            unmatched=self.n_unmatched,
            fanned_out_extra=self.n_extra,
            written=self.n_written,
            duplicates=n_duplicates,
        )

    def unmatched_devices(self) -> pd.DataFrame:
        """List the devices that have events but no owner, the first ten thousand that came.

        Returns
        -------
        DataFrame
            One row per device, sorted: ``device_id``, ``n_events``, and ``near_miss``, a master id that differs in
            blanks or case only (null where there is none).
        """
        device_ids = pa.array(sorted(self._unmatched), pa.large_string())
        n_events = pa.array([self._unmatched[device_id] for device_id in device_ids.to_pylist()], pa.int64())
        columns = [device_ids, n_events, self.owners.near_misses(device_ids)]
        return pa.table(columns, names=["device_id", "n_events", "near_miss"]).to_pandas(use_threads=False)

    def _list(self, unknown: pa.ChunkedArray) -> None:
        for counted in pc.value_counts(unknown).to_pylist() if len(unknown) else []:
            if counted["values"] in self._unmatched or len(self._unmatched) < MOST_LISTED_DEVICES:
                self._unmatched[counted["values"]] += counted["counts"]


def _event_numbers(
    events: pa.Table, device_numbers: npt.NDArray[np.int64], is_unknown: npt.NDArray[np.bool_], unknown: pa.ChunkedArray
) -> npt.NDArray[np.uint64]:
    """Put an event into 64 bits: the seconds in 34, how many digits in 4, the power in 1, the device's number in 25.

    In this order, because files mostly are in the order of time: what is nearly sorted is sorted fast.
    """
    seconds = pc.cast(events["timestamp"], pa.int64()).to_numpy()
    n_digits = pc.binary_length(events["timestamp"]).to_numpy()
    is_on = pc.equal(events["power"], "on").to_numpy()
    numbers = (((seconds << 4) + n_digits.astype(np.int64)) << 1) + is_on
    packed: npt.NDArray[np.uint64] = ((numbers << 25) + (device_numbers & _DEVICE_BITS)).astype(np.uint64)
    if len(unknown):
        encoded = unknown.combine_chunks().dictionary_encode()
        hashes = np.array([hash(text) for text in encoded.dictionary.to_pylist()], np.int64).astype(np.uint64)
        packed[is_unknown] = mixed(packed[is_unknown] ^ mixed(hashes[encoded.indices.to_numpy()]))
    return packed
