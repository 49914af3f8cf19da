"""The join: events with the owner and type of their device, and the counts that prove that no row was lost."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import pandas as pd

from etl.errors import MissingColumnsError, ReconciliationError

HISTORY_COLUMNS = ["device_id", "timestamp", "power", "user_id", "type"]
DEVICE_COLUMNS = ["user_id", "device_id", "type"]


@dataclass(frozen=True)
class RowCounts:
    """The rows of one run, which must satisfy the two identities that `prove` checks.

    Attributes
    ----------
    read
        Records in the raw file.
    valid, quarantined
        Records that became events, and that did not.
    matched, unmatched
        Events whose device has an owner in the master table, and has none.
    fanned_out_extra
        Rows beyond the first for events whose device has several owners.
    written
        Rows of the history.
    duplicates
        Events that repeat an earlier one exactly; they are kept.
    """

    read: int
    valid: int
    quarantined: int
    matched: int
    unmatched: int
    fanned_out_extra: int
    written: int
    duplicates: int

    def prove(self) -> None:
        """Check ``read = valid + quarantined`` and ``written = matched + unmatched + fanned_out_extra``.

        Raises
        ------
        ReconciliationError
            An identity does not hold, so a row was lost or made up.
        """
        sums = {
            "read = valid + quarantined": (self.read, self.valid + self.quarantined),
            "valid = matched + unmatched": (self.valid, self.matched + self.unmatched),
            "written = matched + unmatched + fanned_out_extra": (
                self.written,
                self.matched + self.unmatched + self.fanned_out_extra,
            ),
        }
        broken = [f"{identity}: {left} is not {right}" for identity, (left, right) in sums.items() if left != right]
        if broken:
            raise ReconciliationError(
                f"rows: {'; '.join(broken)}. A row was lost or made up, so nothing is published; "
                "this is a fault of the code, not of the data."
            )

    def to_dict(self) -> dict[str, int]:
        """Return the counts by name, as the manifest has them."""
        return asdict(self)


def join_devices(events: pd.DataFrame, devices: pd.DataFrame) -> pd.DataFrame:
    """Attach each event's owner and device type.

    Parameters
    ----------
    events
        One row per event; needs ``device_id``, ``timestamp`` (Unix seconds, text), ``power``.
    devices
        One row per owner and device; needs ``user_id``, ``device_id``, ``type``.

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
    _require_columns(events, "events", HISTORY_COLUMNS[:3])
    _require_columns(devices, "devices", DEVICE_COLUMNS)
    owners = devices[DEVICE_COLUMNS].sort_values(["device_id", "user_id"], kind="stable")
    # device_id alone: a merge on every shared column would also compare fields that only look alike
    return events[HISTORY_COLUMNS[:3]].merge(owners, on="device_id", how="left", sort=False)[HISTORY_COLUMNS]


def count_rows(
    *, n_read: int, n_quarantined: int, events: pd.DataFrame, devices: pd.DataFrame, history: pd.DataFrame
) -> RowCounts:
    """Count what went in and came out of the join, each from its own source so that the identities prove something.

    Parameters
    ----------
    n_read, n_quarantined
        As the contract counted them.
    events, devices, history
        Inputs and output of `join_devices`.
    """
    n_owners = events["device_id"].map(devices["device_id"].value_counts())
    return RowCounts(
        read=n_read,
        valid=len(events),
        quarantined=n_quarantined,
        matched=int(n_owners.notna().sum()),
        unmatched=int(n_owners.isna().sum()),
        fanned_out_extra=int((n_owners.dropna() - 1).sum()),
        written=len(history),
        duplicates=int(events.duplicated().sum()),
    )


def unmatched_devices(events: pd.DataFrame, devices: pd.DataFrame) -> pd.DataFrame:
    """List the devices that have events but no owner.

    Returns
    -------
    DataFrame
        One row per device, sorted: ``device_id``, ``n_events``, and ``near_miss``, a master id that differs in blanks
        or case only (null where there is none).
    """
    unmatched = events.loc[~events["device_id"].isin(devices["device_id"]), "device_id"]
    counts = unmatched.value_counts(sort=False).sort_index().rename("n_events").rename_axis("device_id").reset_index()
    masters = devices.sort_values("device_id").drop_duplicates("device_id")["device_id"]
    by_folded = dict(zip(_folded(masters), masters, strict=True))
    return counts.assign(near_miss=_folded(counts["device_id"]).map(by_folded))


def _folded(ids: pd.Series) -> pd.Series:
    return ids.str.strip().str.casefold()


def _require_columns(frame: pd.DataFrame, table: str, columns: list[str]) -> None:
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        found = ", ".join(map(str, list(frame.columns)[:10])) or "none"
        raise MissingColumnsError(f"{table}: no column {', '.join(missing)}; found {found}.")
