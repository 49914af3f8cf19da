"""The events of a history, each once and with types that compute, and who owns the devices that sent them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from etl.analysis.local_time import IntArray, end_of_day
from etl.contract.columns import HISTORY_COLUMNS

UNKNOWN_TYPE = "(unknown)"
STATES = ["off", "on"]
WHOLE_SECONDS = "[0-9]{1,10}"

BoolArray = npt.NDArray[np.bool_]


class OrderedEvents(NamedTuple):
    """Events as arrays, sorted by device and time; events of the same second keep file order.

    Attributes
    ----------
    device_ids
        The devices that sent them, sorted.
    device
        Position of each event's device in `device_ids`.
    second
        Unix time of each event.
    is_on, was_on
        The device's state after and before each event; it is off before its first event.
    is_first
        True for each device's first event.
    """

    device_ids: pd.Index
    device: IntArray
    second: IntArray
    is_on: BoolArray
    was_on: BoolArray
    is_first: BoolArray


def one_row_per_event(history: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a history for the first owner (in sort order) of a device, and those without owner.

    So the table has one row per event, and no event counts twice.
    """
    device, user = (history[name].astype("category").cat.codes for name in ("device_id", "user_id"))
    first_user = user.where(user >= 0).groupby(device).transform("min")
    return history[(user == first_user) | (user < 0)]


def events_of(history: pd.DataFrame) -> pd.DataFrame:
    """Return the events of a history, in file order.

    Rows that are no events are left out, and a history without a needed column has no events: the checks report damage.

    Parameters
    ----------
    history
        One row per event and owner, every column text.

    Returns
    -------
    DataFrame
        One row per event: ``device_id`` (category), ``timestamp`` (Unix seconds, int64), ``power`` (category, ``off``
        or ``on``), ``type`` (category; that of the first owner in sort order, ``(unknown)`` where there is none).

    Examples
    --------
    >>> row = {"device_id": "a", "timestamp": "1616506124", "power": "on", "user_id": None, "type": None}
    >>> events_of(pd.DataFrame([row, row | {"timestamp": "soon"}], dtype="str")).to_numpy().tolist()
    [['a', 1616506124, 'on', '(unknown)']]
    """
    rows = one_row_per_event(history.reindex(columns=HISTORY_COLUMNS).astype("str"))
    is_event = rows["timestamp"].str.fullmatch(WHOLE_SECONDS) & rows["power"].isin(STATES) & rows["device_id"].notna()
    if not is_event.all():
        rows = rows[is_event.fillna(value=False).astype("bool")]
    types = rows["type"].astype("category")
    if types.isna().any():
        known = types.cat if UNKNOWN_TYPE in types.cat.categories else types.cat.add_categories([UNKNOWN_TYPE]).cat
        types = known.reorder_categories(sorted(known.categories)).fillna(UNKNOWN_TYPE)
    return pd.DataFrame(
        {
            "device_id": rows["device_id"].astype("category"),
            "timestamp": rows["timestamp"].astype("int64"),
            "power": pd.Categorical(rows["power"], categories=STATES),
            "type": types,
        }
    ).reset_index(drop=True)


def sort_by_device(events: pd.DataFrame) -> OrderedEvents:
    """Sort events (``device_id``, ``timestamp`` as text or number, ``power``) by device and time."""
    devices = events["device_id"].astype("category").cat
    device, second = devices.codes.to_numpy(), pd.to_numeric(events["timestamp"]).to_numpy(dtype="int64")
    order = np.lexsort((second, device))
    device, second, is_on = device[order], second[order], (events["power"] == "on").to_numpy(dtype="bool")[order]
    is_first = np.diff(device, prepend=-1) != 0
    was_on = np.append(False, is_on[:-1])[: len(is_on)] & ~is_first
    device_ids = devices.categories.take(device[is_first])
    return OrderedEvents(device_ids, np.cumsum(is_first) - 1, second, is_on, was_on, is_first)


def newest_event(events: pd.DataFrame, *, run_date: str, time_zone: str) -> int:
    """Return the Unix time of the newest event that is not after the run's day; without events, the end of the day."""
    end = end_of_day(run_date, time_zone=time_zone)
    newest = events["timestamp"][events["timestamp"] < end].max()
    return end if pd.isna(newest) else int(newest)


def device_owners(history: pd.DataFrame) -> pd.DataFrame:
    """Return the owners in a history, one row per device and owner: ``device_id``, ``user_id``, ``type``; sorted."""
    rows = history.reindex(columns=["device_id", "user_id", "type"]).astype("str")
    owned = rows[rows["user_id"].notna()].drop_duplicates(["device_id", "user_id"])
    return owned.sort_values(["device_id", "user_id"], ignore_index=True)
