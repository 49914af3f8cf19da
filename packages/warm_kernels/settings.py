"""Settings, from the arguments of ``start`` or from environment variables."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from warm_kernels.errors import SettingsError

SWITCH, PRELOAD, STANDBY = "WARM_KERNELS", "WARM_KERNELS_PRELOAD", "WARM_KERNELS_STANDBY"

# nbclient, and so papermill, adds these to the command of every kernel
USUAL_ARGUMENTS = ("--HistoryManager.hist_file=:memory:",)

_MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_MAX_STANDBY = 8


@dataclass(frozen=True)
class Settings:
    """Settings of the zygote and its kernels.

    Attributes
    ----------
    enabled
        Whether kernels are forked; if not, every kernel is a stock one.
    preload
        Modules that the zygote imports, in this order, before it forks.
    standby
        Number of kernels to fork ahead of time.
    arguments
        Kernel arguments of the first standby kernels; later ones get those of the kernel launched before them.
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
    """Return the settings; an argument takes precedence over its environment variable.

    Parameters
    ----------
    environment
        May have the three variables that the README describes.
    preload, standby
        As `Settings` has them.
    extra_arguments
        Further kernel arguments (papermill's ``extra_arguments``) of the first standby kernels.

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
    modules = preload
    if modules is None and PRELOAD in environment:
        modules = [name.strip() for name in environment[PRELOAD].split(",") if name.strip()]
    elif modules is None:
        modules = ["pandas"] if importlib.util.find_spec("pandas") else []
    if isinstance(modules, str) or (wrong := [m for m in modules if not _MODULE.fullmatch(m)]):
        value = modules if isinstance(modules, str) else wrong[0]
        raise SettingsError(
            f"{PRELOAD}: not a module name; found {value!r}; expected names like 'pandas', 'numpy.random'."
        )
    return Settings(
        enabled=_enabled(environment.get(SWITCH, "")),
        preload=tuple(modules),
        standby=_count(environment.get(STANDBY) or "0" if standby is None else standby),
        arguments=(*extra_arguments, *USUAL_ARGUMENTS),
    )


def _enabled(switch: str) -> bool:
    if switch.lower() not in {"on", "off", ""}:
        raise SettingsError(f"{SWITCH}: not a switch; found {switch!r}; expected 'on' or 'off'.")
    return sys.platform.startswith("linux") if not switch else switch.lower() == "on" and hasattr(os, "fork")


def _count(standby: int | str) -> int:
    number = int(standby) if isinstance(standby, int) or standby.isdecimal() else -1
    if not 0 <= number <= _MAX_STANDBY:
        raise SettingsError(f"{STANDBY}: not a count; found {standby!r}; expected 0 to {_MAX_STANDBY}.")
    return number
