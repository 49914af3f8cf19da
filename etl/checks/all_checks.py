"""All checks, in the order in which the notebook and the manifest show them; a new check is one entry here.

A check is a function of a run's data. It takes its thresholds as keywords, by the names that the parameters of
``03_checks`` have, and returns a `Check` that has the function's name.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from etl.checks import arrival_checks, device_checks, history_checks
from etl.checks.check import Check, RunData

CheckFunction = Callable[..., Check]

ARRIVAL_CHECKS: tuple[CheckFunction, ...] = (
    arrival_checks.events,
    arrival_checks.quarantine,
    arrival_checks.freshness,
    arrival_checks.future_events,
    arrival_checks.volume,
    arrival_checks.gaps,
)
HISTORY_CHECKS: tuple[CheckFunction, ...] = (
    history_checks.content,
    history_checks.columns,
    history_checks.reconciliation,
    history_checks.power,
    history_checks.timestamps,
    history_checks.types_not_text,
    history_checks.extra_fields,
)
OWNER_CHECKS: tuple[CheckFunction, ...] = (device_checks.unmatched, device_checks.several_owners)
DEVICE_CHECKS: tuple[CheckFunction, ...] = (
    device_checks.silent_devices,
    device_checks.stuck_devices,
    device_checks.duplicates,
    device_checks.out_of_order,
    device_checks.repeated_on,
    device_checks.orphaned_off,
)
ALL_CHECKS = ARRIVAL_CHECKS + HISTORY_CHECKS + OWNER_CHECKS + DEVICE_CHECKS


def threshold_names(check: CheckFunction) -> list[str]:
    """Return the names of the thresholds that a check takes.

    Examples
    --------
    >>> threshold_names(device_checks.stuck_devices)
    ['max_hours_on', 'max_in_a_row']
    """
    parameters = inspect.signature(check).parameters.values()
    return [parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]


def run_checks(checks: Iterable[CheckFunction], data: RunData, parameters: Mapping[str, Any]) -> list[Check]:
    """Run checks on a run's data; each gets its thresholds from `parameters`, such as a notebook's ``globals()``."""
    return [check(data, **{name: parameters[name] for name in threshold_names(check)}) for check in checks]
