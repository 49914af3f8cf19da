"""Devices that have events but no owner: which, with how many events, and why."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from etl.join.owners import Owners

MAX_LISTED_DEVICES = 10_000


class UnmatchedDevices:
    """Lists the devices without an owner, piece by piece.

    Parameters
    ----------
    owners
        The device master.
    max_listed
        How many devices to list, so that memory stays bounded; further ones are left out.
    """

    def __init__(self, owners: Owners, *, max_listed: int = MAX_LISTED_DEVICES) -> None:
        self._owners, self._max_listed = owners, max_listed
        self._n_events: Counter[str] = Counter()

    def add(self, device_ids: pa.ChunkedArray) -> None:
        """Add the devices of a piece's events; those with an owner are ignored."""
        _device_numbers, n_owners = self._owners.find(device_ids)
        unmatched = device_ids.filter(pa.array(n_owners == 0))
        for group in pc.value_counts(unmatched).to_pylist() if len(unmatched) else []:
            if group["values"] in self._n_events or len(self._n_events) < self._max_listed:
                self._n_events[group["values"]] += group["counts"]

    def table(self) -> pd.DataFrame:
        """Return one row per device, sorted: ``device_id``, ``n_events``, and ``near_miss``.

        A near miss is an id of the master that differs in blanks or case only; null where there is none.
        """
        device_ids = pa.array(sorted(self._n_events), pa.large_string())
        n_events = pa.array([self._n_events[device_id] for device_id in device_ids.to_pylist()], pa.int64())
        columns = [device_ids, n_events, self._owners.near_misses(device_ids)]
        return pa.table(columns, names=["device_id", "n_events", "near_miss"]).to_pandas(use_threads=False)


def why_unmatched(events: pd.DataFrame, devices: pd.DataFrame) -> pd.DataFrame:
    """List the devices that have events but no owner, most events first, with the likely ``reason`` in words.

    Parameters
    ----------
    events
        One row per event; needs ``device_id``. Unchanged.
    devices
        One row per owner and device, with the columns of the device master. Unchanged.

    Returns
    -------
    DataFrame
        One row per device: the columns of `UnmatchedDevices.table`, and ``reason``.
    """
    unmatched = UnmatchedDevices(Owners(devices), max_listed=len(events))
    unmatched.add(pa.chunked_array([pa.array(events["device_id"], pa.large_string())]))
    table = unmatched.table().sort_values("n_events", ascending=False, kind="stable", ignore_index=True)
    pairs = zip(table["device_id"], table["near_miss"], strict=True)
    return table.assign(reason=pd.Series([_reason(*pair) for pair in pairs], dtype="str"))


def _reason(device_id: str, near_miss: object) -> str:
    if not isinstance(near_miss, str):
        return "not in the master"
    if device_id.strip() == near_miss.strip():
        return "differs in blanks"
    return "differs in case" if device_id.lower() == near_miss.lower() else "differs in blanks and case"
