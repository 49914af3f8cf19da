"""The thread count of OpenBLAS, which the zygote holds at one so that it stays single-threaded."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_NAMES = (
    *("scipy_openblas_set_num_threads64_", "scipy_openblas_set_num_threads"),
    *("openblas_set_num_threads64_", "openblas_set_num_threads"),
)
_VARIABLES = ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS")


def restore_thread_count(environment: Mapping[str, str]) -> None:
    """Give OpenBLAS in this process the thread count that it would have chosen, had it been loaded here.

    Parameters
    ----------
    environment
        The kernel's: ``OPENBLAS_NUM_THREADS`` or ``OMP_NUM_THREADS`` may name a count; by default it is one thread
        for each processor that this process may use.
    """
    count = wanted_thread_count(environment)
    if count == 1:
        return
    for library in loaded_libraries():
        handle = ctypes.CDLL(library)
        for name in _NAMES:
            if set_count := getattr(handle, name, None):
                set_count(ctypes.c_int(count))
                break


def wanted_thread_count(environment: Mapping[str, str]) -> int:
    """Return the thread count that OpenBLAS takes from an environment.

    Examples
    --------
    >>> wanted_thread_count({"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "2"})
    1
    """
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    for name in _VARIABLES:
        if (text := environment.get(name, "")).isdecimal() and int(text) > 0:
            return min(int(text), available)
    return available


@cache
def loaded_libraries() -> tuple[str, ...]:
    """Return the files of the OpenBLAS libraries that this process has loaded; none where the system does not tell."""
    try:
        maps = Path("/proc/self/maps").read_text(encoding="utf-8")
    except OSError:
        return ()
    lines = (line.split(maxsplit=5) for line in maps.splitlines())
    return tuple(sorted({line[5] for line in lines if len(line) > 5 and "openblas" in line[5].lower()}))  # noqa: PLR2004
