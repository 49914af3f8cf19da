"""Compare events, device master and history: who owns what, which devices sent nothing, what agrees."""

from __future__ import annotations

import pandas as pd

from etl.contract.columns import HISTORY_COLUMNS


def shared_devices(devices: pd.DataFrame) -> pd.DataFrame:
    """List the devices of several owners, sorted: ``device_id``, ``n_owners``, ``owners`` (ids, with commas).

    Parameters
    ----------
    devices
        One row per owner and device; needs ``user_id`` and ``device_id``. Unchanged.
    """
    shared = devices[devices.duplicated("device_id", keep=False)].sort_values(["device_id", "user_id"])
    grouped = shared.groupby("device_id", sort=True)["user_id"]
    return pd.DataFrame({"n_owners": grouped.size(), "owners": grouped.agg(", ".join).astype("str")}).reset_index()


def devices_without_events(events: pd.DataFrame, devices: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the master whose device has no event, in the master's order. Inputs unchanged."""
    return devices[~devices["device_id"].isin(events["device_id"])].reset_index(drop=True)


def same_rows(left: pd.DataFrame, right: pd.DataFrame) -> bool:
    """Tell whether two histories have the same rows, each as often, in whatever order. Inputs unchanged."""
    is_same: bool = _sorted_rows(left).equals(_sorted_rows(right))
    return is_same


def events_by_owner_and_type(history: pd.DataFrame) -> pd.DataFrame:
    """Count devices and events of each owner and type, sorted by both; unknown ones are empty.

    The event of a device with several owners counts for each of them.

    Parameters
    ----------
    history
        One row per event and owner; needs ``user_id``, ``type``, ``device_id``, ``power``. Unchanged.
    """
    filled = history.fillna({"user_id": "", "type": ""})
    filled = filled.assign(is_on=filled["power"] == "on", is_off=filled["power"] == "off")
    grouped = filled.groupby(["user_id", "type"], sort=True, as_index=False)
    return grouped.agg(n_devices=("device_id", "nunique"), n_on=("is_on", "sum"), n_off=("is_off", "sum"))


def _sorted_rows(history: pd.DataFrame) -> pd.DataFrame:
    text = pd.DataFrame({name: history[name].astype("object").fillna("") for name in HISTORY_COLUMNS})
    return text.sort_values(HISTORY_COLUMNS, ignore_index=True)
