"""The join: events with the owner and type of their device, and the tally that proves that no row was lost."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from etl.contract import DEVICE_COLUMNS, EVENT_COLUMNS, HISTORY_COLUMNS
from etl.errors import MissingColumnsError
from etl.row_counts import RowCounts
from etl.text_index import TextIndex, mixed

# Devices without an owner are listed up to here; beyond it they are only counted, so that memory stays bounded
MOST_LISTED_DEVICES = 10_000


Found = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]


class Owners:
    """The device master, made ready to be joined with many pieces of events; each piece then costs what its rows cost.

    Parameters
    ----------
    devices
        One row per owner and device; needs ``user_id``, ``device_id``, ``type``. Unchanged.

    Raises
    ------
    MissingColumnsError
        A needed column is absent.
    """

    def __init__(self, devices: pd.DataFrame) -> None:
        _require_columns(devices, "devices", DEVICE_COLUMNS)
        rows = _table(devices, DEVICE_COLUMNS)
        rows = rows.filter(pc.is_valid(rows["device_id"]))
        counts = pc.value_counts(rows["device_id"])
        if len(counts) < len(rows):  # only then does the order of a device's owners matter
            rows = rows.take(pc.sort_indices(rows, [("device_id", "ascending"), ("user_id", "ascending")]))
            counts = pc.value_counts(rows["device_id"])
        self._rows = rows.select(["user_id", "type"]).combine_chunks()
        self._device_ids = counts.field("values")
        self._index = TextIndex(self._device_ids)
        self._n_owners = counts.field("counts").to_numpy()
        self._first_rows = np.cumsum(self._n_owners) - self._n_owners
        self._found: tuple[pa.ChunkedArray, Found] | None = None

    def find(self, device_ids: pa.ChunkedArray) -> Found:
        """Return each device's number in the master (-1: not there) and how many owners it has, by exact text.

        The last answer is kept: the join and the count of a piece ask for the same devices.
        """
        if self._found is None or not _is_same(self._found[0], device_ids):
            numbers = self._index.find(device_ids.combine_chunks())
            n_owners = np.append(self._n_owners, 0)[numbers] if len(numbers) else np.array([], np.int64)
            self._found = (device_ids, (numbers, n_owners))
        return self._found[1]

    def attach(self, events: pa.Table) -> pa.Table:
        """Return one row per event and owner, in event order, owners sorted; nulls where there is no owner."""
        numbers, n_owners = self.find(events["device_id"])
        is_unknown = numbers < 0
        rows = np.append(self._first_rows, 0)[numbers] if len(numbers) else np.array([], np.int64)
        if len(n_owners) and np.max(n_owners) > 1:
            n_rows = np.maximum(n_owners, 1)
            event_of_row = np.repeat(np.arange(len(n_rows)), n_rows)
            nth_of_event = np.arange(len(event_of_row)) - np.repeat(np.cumsum(n_rows) - n_rows, n_rows)
            rows, is_unknown = rows[event_of_row] + nth_of_event, is_unknown[event_of_row]
            events = events.take(pa.array(event_of_row))
        owners = self._rows.take(pa.array(rows, mask=is_unknown if is_unknown.any() else None))
        return pa.table([*events.columns, *owners.columns], names=HISTORY_COLUMNS)

    def near_misses(self, device_ids: pa.Array) -> pa.Array:
        """Return for each device the master's id that differs in blanks or case only, null where there is none."""
        return self._device_ids.take(pc.index_in(_folded(device_ids), _folded(self._device_ids)))


def join_devices(events: pd.DataFrame, devices: pd.DataFrame | Owners) -> pd.DataFrame:
    """Attach each event's owner and device type.

    Parameters
    ----------
    events
        One row per event; needs ``device_id``, ``timestamp`` (Unix seconds, text), ``power``.
    devices
        One row per owner and device; needs ``user_id``, ``device_id``, ``type``. Whoever joins many pieces of events
        with the same devices makes `Owners` of them once.

    Returns
    -------
    DataFrame
        One row per event and owner, in event order, owners sorted; a device without an owner keeps one row with
        nulls. Inputs unchanged.

    Raises
    ------
    MissingColumnsError
        A needed column is absent; the message names the table and the column.

    Examples
    --------
    >>> events = pd.DataFrame({"device_id": ["b", "a"], "timestamp": ["2", "1"], "power": ["on", "off"]})
    >>> devices = pd.DataFrame({"user_id": ["u1"], "device_id": ["a"], "type": ["TV"]})
    >>> print(join_devices(events, devices).to_csv(index=False, lineterminator=";"))
    device_id,timestamp,power,user_id,type;b,2,on,,;a,1,off,u1,TV;
    """
    _require_columns(events, "events", EVENT_COLUMNS)
    owners = devices if isinstance(devices, Owners) else Owners(devices)
    # device_id alone: a join on every shared column would also compare fields that only look alike
    return owners.attach(_table(events, EVENT_COLUMNS)).to_pandas(use_threads=False)


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
        self, events: pd.DataFrame, history: pd.DataFrame, *, n_read: int, n_quarantined: int
    ) -> npt.NDArray[np.uint64]:
        """Count a piece: the events, what was joined of them, and what the contract says of their records.

        Returns
        -------
        ndarray
            One number per event; two events have the same number if they are exactly the same. Events of unknown
            devices are told apart by a 64-bit hash: among ten million, two different ones share a number with a
            probability of three in a million.
        """
        table = _table(events, EVENT_COLUMNS)
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
    """Put an event into 64 bits: the device's number in 25, the seconds in 34, how many digits in 4, the power in 1."""
    seconds = pc.cast(events["timestamp"], pa.int64()).to_numpy()
    n_digits = pc.binary_length(events["timestamp"]).to_numpy()
    is_on = pc.equal(events["power"], "on").to_numpy()
    numbers = (seconds << 5) + (n_digits.astype(np.int64) << 1) + is_on
    packed: npt.NDArray[np.uint64] = (numbers + (device_numbers << 39)).astype(np.uint64)
    if len(unknown):
        encoded = unknown.combine_chunks().dictionary_encode()
        hashes = np.array([hash(text) for text in encoded.dictionary.to_pylist()], np.int64).astype(np.uint64)
        packed[is_unknown] = mixed(packed[is_unknown] ^ mixed(hashes[encoded.indices.to_numpy()]))
    return packed


def _folded(ids: pa.Array) -> pa.Array:
    return pc.utf8_lower(pc.utf8_trim_whitespace(ids))


def _is_same(one: pa.ChunkedArray, other: pa.ChunkedArray) -> bool:
    """Tell whether two arrays are the very same memory."""
    return [_memory(chunk) for chunk in one.chunks] == [_memory(chunk) for chunk in other.chunks]


def _memory(array: pa.Array) -> tuple[int, int, list[int]]:
    return array.offset, len(array), [buffer.address if buffer else 0 for buffer in array.buffers()]


def _table(frame: pd.DataFrame, columns: list[str]) -> pa.Table:
    """Return columns of text as Arrow has them; a frame that Arrow made is not copied."""
    return pa.table([pa.array(frame[column], pa.large_string()) for column in columns], names=columns)


def _require_columns(frame: pd.DataFrame, table: str, columns: list[str]) -> None:
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        found = ", ".join(map(str, list(frame.columns)[:10])) or "none"
        raise MissingColumnsError(f"{table}: no column {', '.join(missing)}; found {found}.")
