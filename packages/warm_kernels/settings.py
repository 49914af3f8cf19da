"""The settings of this library, from the arguments of ``start`` or from the environment."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from warm_kernels.errors import SettingsError

SWITCH, PRELOAD, STANDBY = "WARM_KERNELS", "WARM_KERNELS_PRELOAD", "WARM_KERNELS_STANDBY"

# what nbclient, and so papermill, adds to the command of every kernel
USUAL_ARGUMENTS = ("--HistoryManager.hist_file=:memory:",)

_MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_MOST_STANDBYS = 8


@dataclass(frozen=True)
class Settings:
    """How kernels are kept warm.

    Attributes
    ----------
    enabled
        Fork kernels at all; otherwise every kernel is a stock one.
    preload
        Modules that the zygote imports, in this order, before it forks.
    standby
        Kernels forked ahead of time, 0 for none.
    arguments
        The kernel arguments of the first standby kernels; later ones get those of the kernel before them.
    """

    enabled: bool
    preload: tuple[str, ...]
    standby: int = 0
    arguments: tuple[str, ...] = USUAL_ARGUMENTS


def settings_from(
    environment: Mapping[str, str] = os.environ,
    *,
    preload: Sequence[str] | None = None,
    standby: int | None = None,
    extra_arguments: Sequence[str] = (),
) -> Settings:
    """Return the settings; an argument that is given wins over its environment variable.

    Parameters
    ----------
    environment
        ``WARM_KERNELS`` is ``on`` or ``off`` (default: on, where forking is safe; off on macOS, whose own libraries
        do not survive a fork, and on Windows, which has none). ``WARM_KERNELS_PRELOAD`` lists modules with commas
        (default: pandas, where it is installed). ``WARM_KERNELS_STANDBY`` is a number (default 0).
    preload, standby
        As `Settings` has them.
    extra_arguments
        The kernel arguments that runs will use (papermill's ``extra_arguments``); for standby kernels.

    Raises
    ------
    SettingsError
        A value is not allowed; the message names the variable and the rule.

    Examples
    --------
    >>> settings_from({"WARM_KERNELS": "on", "WARM_KERNELS_PRELOAD": "json, csv", "WARM_KERNELS_STANDBY": "1"})
    ... # doctest: +NORMALIZE_WHITESPACE
    Settings(enabled=True, preload=('json', 'csv'), standby=1, arguments=('--HistoryManager.hist_file=:memory:',))
    """
    modules = _listed(environment[PRELOAD]) if preload is None and PRELOAD in environment else preload
    if modules is None:
        modules = ["pandas"] if importlib.util.find_spec("pandas") else []
    if isinstance(modules, str) or (wrong := [m for m in modules if not _MODULE.fullmatch(m)]):
        found = modules if isinstance(modules, str) else wrong[0]
        raise SettingsError(
            f"{PRELOAD}: not a module name; found {found!r}; expected names like 'pandas', 'etl.join.owners'."
        )
    return Settings(
        enabled=_enabled(environment.get(SWITCH, "")),
        preload=tuple(modules),
        standby=_number(environment.get(STANDBY) or "0" if standby is None else standby),
        arguments=(*extra_arguments, *USUAL_ARGUMENTS),
    )


def _listed(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]


def _enabled(switch: str) -> bool:
    if switch.lower() not in {"on", "off", ""}:
        raise SettingsError(f"{SWITCH}: not a switch; found {switch!r}; expected 'on' or 'off'.")
    return sys.platform.startswith("linux") if not switch else switch.lower() == "on" and hasattr(os, "fork")


def _number(standby: int | str) -> int:
    number = int(standby) if isinstance(standby, int) or standby.isdecimal() else -1
    if not 0 <= number <= _MOST_STANDBYS:
        raise SettingsError(f"{STANDBY}: not a count; found {standby!r}; expected 0 to {_MOST_STANDBYS}.")
    return number
