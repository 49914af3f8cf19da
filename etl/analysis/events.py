"""The events of a history, each once and with types that compute, and who owns the devices that sent them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from etl.contract.columns import HISTORY_COLUMNS

UNKNOWN_TYPE = "(unknown)"
STATES = ["off", "on"]
WHOLE_SECONDS = "[0-9]{1,10}"


def one_row_per_event(history: pd.DataFrame) -> pd.DataFrame:
    """Return the history without the rows that further owners of a device added, so that nothing counts twice.

    Parameters
    ----------
    history
        One row per event and owner. Unchanged.

    Returns
    -------
    DataFrame
        One row per event: that of the device's first owner in sort order, or the one without owner.
    """
    devices = history["device_id"].astype("category").cat
    users = history["user_id"].astype("category").cat.codes.to_numpy()
    device, is_owned = devices.codes.to_numpy(), users >= 0
    first_user = np.full(len(devices.categories) + 1, np.iinfo(users.dtype).max, users.dtype)
    np.minimum.at(first_user, device[is_owned], users[is_owned])
    return history[(users == first_user[device]) | ~is_owned]


def events_of(history: pd.DataFrame) -> pd.DataFrame:
    """Return the events of a history, in file order.

    A damaged history is for the checks to fail, not for this function: what is no event is left out, and a column that
    is not there leaves no events.

    Parameters
    ----------
    history
        One row per event and owner, every column text. Unchanged.

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
    kind = rows["type"].astype("category")
    if kind.isna().any():
        known = kind.cat if UNKNOWN_TYPE in kind.cat.categories else kind.cat.add_categories([UNKNOWN_TYPE]).cat
        kind = known.reorder_categories(sorted(known.categories)).fillna(UNKNOWN_TYPE)
    return pd.DataFrame(
        {
            "device_id": rows["device_id"].astype("category"),
            "timestamp": rows["timestamp"].astype("int64"),
            "power": pd.Categorical(rows["power"], categories=STATES),
            "type": kind,
        }
    ).reset_index(drop=True)


def device_owners(history: pd.DataFrame) -> pd.DataFrame:
    """Return who owns the devices of a history.

    Parameters
    ----------
    history
        One row per event and owner. Unchanged.

    Returns
    -------
    DataFrame
        One row per device and owner: ``device_id``, ``user_id``, ``type``; sorted. A device without an owner has none.
    """
    rows = history.reindex(columns=["device_id", "user_id", "type"]).astype("str")
    owned = rows[rows["user_id"].notna()].drop_duplicates(["device_id", "user_id"])
    return owned.sort_values(["device_id", "user_id"], ignore_index=True)
