"""What an analyst asks of the join before trusting it: what matches, what does not, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from etl.contract.record import EVENT_COLUMNS, HISTORY_COLUMNS
from etl.join.arrow_tables import text_table
from etl.join.owners import Owners
from etl.join.record_reader import read_events


@dataclass(frozen=True)
class RawEvents:
    """The events of a raw file, from its beginning.

    Attributes
    ----------
    events
        One row per valid event, in file order: ``device_id``, ``timestamp`` (Unix seconds, text), ``power``.
    n_quarantined
        Records up to there that broke the contract.
    is_whole
        True if this is the whole file.
    """

    events: pd.DataFrame
    n_quarantined: int
    is_whole: bool

    def summary(self) -> pd.DataFrame:
        """Return one row of what was read: counts, and the first and last event's time (UTC, null without events)."""
        seconds = pd.to_numeric(self.events["timestamp"])
        at = pd.to_datetime(seconds, unit="s", utc=True)
        return pd.DataFrame(
            {
                "n_events": [len(self.events)],
                "n_devices": [self.events["device_id"].nunique()],
                "n_set_aside": [self.n_quarantined],
                "first_at": [at.min()],
                "last_at": [at.max()],
                "whole_file": [self.is_whole],
            }
        )


def read_raw(blocks: Iterable[bytes], *, source: str, run_date: str, most_events: int) -> RawEvents:
    """Read the first events of a raw file, held to the contract.

    Parameters
    ----------
    blocks
        The file's bytes, in blocks of any size; plain or gzip.
    source
        The file's name, for messages.
    run_date
        ``YYYY-MM-DD``; bounds the timestamps.
    most_events
        How many to return at most; the file is read no further than needed.

    Raises
    ------
    RawFileError
        The file is not what the contract allows.

    Examples
    --------
    >>> block = b'{"data": [{"device_id": "a", "timestamp": "1616506124", "power": "on"}]}'
    >>> raw = read_raw([block], source="a.json", run_date="2021-03-23", most_events=10)
    >>> len(raw.events), raw.is_whole
    (1, True)
    """
    pieces = []
    n_events = n_quarantined = 0
    is_whole = True
    for piece in read_events(blocks, source=source, run_date=run_date):
        n_quarantined += len(piece.quarantined)
        left = most_events - n_events
        n_events += len(piece.events)
        if len(piece.events):
            pieces.append(text_table(piece.events, EVENT_COLUMNS).slice(0, left).to_pandas(use_threads=False))
        if n_events > most_events:
            is_whole = False
            break
    events = pd.concat(pieces or [pd.DataFrame(columns=EVENT_COLUMNS, dtype="str")], ignore_index=True)
    return RawEvents(events, n_quarantined, is_whole)


def why_unmatched(events: pd.DataFrame, devices: pd.DataFrame) -> pd.DataFrame:
    """List the devices that have events but no owner, with what may be the reason.

    Parameters
    ----------
    events
        One row per event; needs ``device_id``. Unchanged.
    devices
        One row per owner and device; needs ``user_id``, ``device_id``, ``type``. Unchanged.

    Returns
    -------
    DataFrame
        One row per device, most events first: ``device_id``, ``n_events``, ``near_miss`` (an id of the master that
        differs in blanks or case only, null where there is none) and ``reason`` in words.
    """
    counts = events.loc[~events["device_id"].isin(devices["device_id"]), "device_id"].value_counts()
    counts = counts.rename_axis("device_id").reset_index(name="n_events")
    counts = counts.sort_values(["n_events", "device_id"], ascending=[False, True], ignore_index=True)
    misses = Owners(devices).near_misses(pa.array(counts["device_id"], pa.large_string()))
    counts["near_miss"] = pd.Series(misses.to_pylist(), dtype="str")
    counts["reason"] = pd.Series(
        [_reason(*pair) for pair in zip(counts["device_id"], misses.to_pylist(), strict=True)], dtype="str"
    )
    return counts


def shared_devices(devices: pd.DataFrame) -> pd.DataFrame:
    """List the devices that several users own.

    Parameters
    ----------
    devices
        One row per owner and device; needs ``user_id`` and ``device_id``. Unchanged.

    Returns
    -------
    DataFrame
        One row per such device, sorted: ``device_id``, ``n_owners``, ``owners`` (their ids, with commas).
    """
    shared = devices[devices.duplicated("device_id", keep=False)].sort_values(["device_id", "user_id"])
    grouped = shared.groupby("device_id", sort=True)["user_id"]
    return pd.DataFrame({"n_owners": grouped.size(), "owners": grouped.agg(", ".join).astype("str")}).reset_index()


def silent_devices(events: pd.DataFrame, devices: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the master whose device has no event, in the master's order. Inputs unchanged."""
    return devices[~devices["device_id"].isin(events["device_id"])].reset_index(drop=True)


def same_rows(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Tell whether two histories hold the same rows, each as often, in whatever order.

    Parameters
    ----------
    one, other
        One row per event and owner; need the columns of a history. Unchanged.
    """
    is_same: bool = _sorted_rows(one).equals(_sorted_rows(other))
    return is_same


def events_by_owner_and_type(history: pd.DataFrame) -> pd.DataFrame:
    """Count what each owner's devices did.

    Parameters
    ----------
    history
        One row per event and owner; needs ``user_id``, ``type``, ``device_id``, ``power``. Unchanged.

    Returns
    -------
    DataFrame
        One row per owner and type, sorted: ``user_id``, ``type`` (empty where unknown), ``n_devices``, ``n_on``,
        ``n_off``. The event of a device with several owners counts for each of them.
    """
    filled = history.fillna({"user_id": "", "type": ""})
    grouped = filled.groupby(["user_id", "type"], sort=True)
    return pd.DataFrame(
        {
            "n_devices": grouped["device_id"].nunique(),
            "n_on": grouped["power"].agg(lambda power: int((power == "on").sum())),
            "n_off": grouped["power"].agg(lambda power: int((power == "off").sum())),
        }
    ).reset_index()


def _sorted_rows(history: pd.DataFrame) -> pd.DataFrame:
    text = pd.DataFrame({name: history[name].astype("object").fillna("") for name in HISTORY_COLUMNS})
    return text.sort_values(HISTORY_COLUMNS, ignore_index=True)


def _reason(device_id: str, near_miss: str | None) -> str:
    if near_miss is None:
        return "not in the master"
    if device_id.strip() == near_miss.strip():
        return "differs in blanks"
    return "differs in case" if device_id.lower() == near_miss.lower() else "differs in blanks and case"
