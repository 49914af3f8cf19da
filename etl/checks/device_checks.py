"""Is it sane: checks of who owns the devices, and of how the devices behave."""

from __future__ import annotations

from etl.analysis import device_health
from etl.checks.check import Check, RunData
from etl.formatting import duration, quantity, quoted_names, share


def unmatched(data: RunData, *, max_unmatched: float) -> Check:
    """Check the share of events from devices without an owner."""
    n, n_valid = data.report["rows"]["unmatched"], data.report["rows"]["valid"]
    names = quoted_names(data.report["unmatched_devices"])
    finding = f"{share(n, n_valid)} events come from devices without an owner{names}."
    return Check("unmatched", "warn", n <= max_unmatched * n_valid, finding, max_unmatched)


def several_owners(data: RunData, *, max_shared_devices: int) -> Check:
    """Check the number of devices with several owners."""
    n_owners = data.owners["device_id"].value_counts()
    shared = sorted(n_owners.index[n_owners > 1])
    extra = quantity(data.report["rows"]["fanned_out_extra"], "row")
    devices = quantity(len(shared), "device has", "devices have")
    finding = f"{devices} several owners, which added {extra}{quoted_names(shared)}."
    return Check("several_owners", "warn", len(shared) <= max_shared_devices, finding, max_shared_devices)


def silent_devices(data: RunData, *, max_silent_hours: float) -> Check:
    """Check that no device has gone silent."""
    silent = device_health.silent_devices(data.health, max_silent_hours=max_silent_hours)
    hours = f", for up to {silent['silent_hours'].max():,.0f} hours" if len(silent) else ""
    devices = quantity(len(silent), "device has", "devices have")
    finding = f"{devices} gone silent{hours}{quoted_names(silent.index)}."
    return Check("silent_devices", "warn", silent.empty, finding, max_silent_hours)


def stuck_devices(data: RunData, *, max_hours_on: float, max_in_a_row: int) -> Check:
    """Check that no device is on for too long, or repeats the same state too often."""
    stuck = device_health.stuck_devices(data.health, max_hours_on=max_hours_on, max_in_a_row=max_in_a_row)
    finding = f"{quantity(len(stuck), 'device is', 'devices are')} stuck{quoted_names(stuck.index)}"
    if len(data.health):
        times = quantity(data.health["n_in_a_row"].max(), "time")
        longest = duration(data.health["longest_on_hours"].max())
        finding += f"; the same came at most {times} in a row, and none was on for more than {longest}"
    return Check("stuck_devices", "warn", stuck.empty, f"{finding}.", max_hours_on)


def duplicates(data: RunData, *, max_duplicates: float) -> Check:
    """Check the share of events that repeat an earlier one exactly."""
    n = data.report["rows"]["duplicates"]
    return _share_of_events(data, "duplicates", n, max_duplicates, "repeat an earlier one exactly")


def out_of_order(data: RunData, *, max_out_of_order: float) -> Check:
    """Check the share of events that arrived late."""
    n = int(data.health["n_out_of_order"].sum())
    return _share_of_events(data, "out_of_order", n, max_out_of_order, "arrived after a later one of their device")


def repeated_on(data: RunData, *, max_repeated_on: float) -> Check:
    """Check the share of events ``on`` of a device that is on."""
    n = int(data.health["n_repeated_on"].sum())
    return _share_of_events(data, "repeated_on", n, max_repeated_on, "switch on what is on already")


def orphaned_off(data: RunData, *, max_orphaned_off: float) -> Check:
    """Check the share of events ``off`` of a device that is off.

    A device's first event does not count: the device may have been switched on before the history begins.
    """
    n_first = int(data.health["starts_off"].sum())
    n = int(data.health["n_orphaned_off"].sum()) - n_first
    first = f", besides the first of {quantity(n_first, 'device')}" if n_first else ""
    return _share_of_events(data, "orphaned_off", n, max_orphaned_off, f"switch off what is off already{first}")


def _share_of_events(data: RunData, name: str, n: int, max_share: float, predicate: str) -> Check:
    n_events = int(data.health["n_events"].sum())
    return Check(name, "info", n <= max_share * n_events, f"{share(n, n_events)} events {predicate}.", max_share)
