"""The join: events with the owner of their device, and its attributes."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from etl.contract.columns import DEVICE_COLUMNS, EVENT_COLUMNS, HISTORY_COLUMNS, OWNER_COLUMNS
from etl.errors import MissingColumnsError
from etl.join.text_index import TextIndex

Numbers = npt.NDArray[np.int64]
Frame = TypeVar("Frame", pd.DataFrame, pa.Table)


class Owners:
    """The device master with an index, so that the cost of joining a piece of events does not depend on its size.

    Parameters
    ----------
    devices
        One row per owner and device, with the columns of the device master. Unchanged.

    Raises
    ------
    MissingColumnsError
        A needed column is absent.
    """

    def __init__(self, devices: pd.DataFrame) -> None:
        _require_columns(devices, "devices", DEVICE_COLUMNS)
        rows = _text_table(devices, DEVICE_COLUMNS)
        rows = rows.filter(pc.is_valid(rows["device_id"]))
        counts = pc.value_counts(rows["device_id"])
        if len(counts) < len(rows):  # only then does the order of a device's owners matter
            rows = rows.take(pc.sort_indices(rows, [("device_id", "ascending"), ("user_id", "ascending")]))
            counts = pc.value_counts(rows["device_id"])
        self._rows = rows.select(OWNER_COLUMNS).combine_chunks()
        self._device_ids = counts.field("values")
        self._index = TextIndex(self._device_ids)
        self._n_owners = counts.field("counts").to_numpy()
        self._first_rows = np.cumsum(self._n_owners) - self._n_owners
        self._last_lookup: tuple[pa.ChunkedArray, tuple[Numbers, Numbers]] | None = None

    def find(self, device_ids: pa.ChunkedArray) -> tuple[Numbers, Numbers]:
        """Return each device's number in the master (-1: not there) and its number of owners, by exact text.

        The last result is cached: the join and the counts of a piece look up the same devices.
        """
        if self._last_lookup is None or not device_ids.equals(self._last_lookup[0]):
            numbers = self._index.find(device_ids.combine_chunks())
            n_owners = np.append(self._n_owners, 0)[numbers] if len(numbers) else np.array([], np.int64)
            self._last_lookup = (device_ids, (numbers, n_owners))
        return self._last_lookup[1]

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


def join_devices(events: Frame, devices: pd.DataFrame | Owners) -> Frame:
    """Attach the owner of each event's device, and the device's attributes.

    Parameters
    ----------
    events
        One row per event; needs ``device_id``, ``timestamp`` (Unix seconds, text), ``power``. A frame of pandas, or an
        Arrow table of large strings.
    devices
        One row per owner and device; needs ``user_id``, ``device_id``, ``type``. To join many pieces of events with the
        same devices, make `Owners` of them once.

    Returns
    -------
    DataFrame or Table
        Of the kind of `events`. One row per event and owner, in event order, owners sorted; a device without an owner
        keeps one row with nulls. Inputs unchanged.

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
    history = owners.attach(_text_table(events, EVENT_COLUMNS))
    return history if isinstance(events, pa.Table) else history.to_pandas(use_threads=False)


def _folded(ids: pa.Array) -> pa.Array:
    return pc.utf8_lower(pc.utf8_trim_whitespace(ids))


def _text_table(frame: pd.DataFrame | pa.Table, columns: list[str]) -> pa.Table:
    """Return columns of text as an Arrow table of large strings; pandas does not copy what Arrow made."""
    if isinstance(frame, pa.Table):
        return frame.select(columns)
    return pa.table([pa.array(frame[column], pa.large_string()) for column in columns], names=columns)


def _require_columns(frame: pd.DataFrame | pa.Table, table: str, columns: list[str]) -> None:
    names = list(frame.column_names if isinstance(frame, pa.Table) else frame.columns)
    missing = [column for column in columns if column not in names]
    if missing:
        found = ", ".join(map(str, names[:10])) or "none"
        raise MissingColumnsError(f"{table}: no column {', '.join(missing)}; found {found}.")
