"""Give a forked process the state of a newly started one: environment, folder, random numbers, BLAS threads."""

from __future__ import annotations

import ctypes
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

# an IPython kernel sets MPLBACKEND to this unless it is set
INLINE_BACKEND = "module://matplotlib_inline.backend_inline"

_BLAS_FUNCTIONS = (
    *("scipy_openblas_set_num_threads64_", "scipy_openblas_set_num_threads"),
    *("openblas_set_num_threads64_", "openblas_set_num_threads"),
)
_BLAS_VARIABLES = ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS")


def environment_changes(initial: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that this process set itself since it started with the environment `initial`."""
    return {name: value for name, value in os.environ.items() if initial.get(name) != value}


def replace_environment(new: Mapping[str, str], changes: Mapping[str, str], initial: Mapping[str, str]) -> None:
    """Replace this process's environment as if it had started with `new` and then made its `changes`.

    Parameters
    ----------
    new
        The whole new environment.
    changes
        What this process, or a module that it imported, set itself; a variable that is different in `new` and
        `initial` is not set again.
    initial
        The environment that this process started with.
    """
    kept = {name: value for name, value in changes.items() if new.get(name) == initial.get(name)}
    os.environ.clear()
    os.environ.update({**new, **kept})


def reset_process_state(cwd: str) -> None:
    """Change to the folder `cwd` and reset what imported modules derived from the zygote's environment.

    Raises
    ------
    OSError
        The folder does not exist.
    """
    time.tzset()
    tempfile.tempdir = None  # the next use reads the environment again
    os.chdir(cwd)
    # Python itself seeds `random` anew after a fork
    if numpy_random := sys.modules.get("numpy.random"):
        numpy_random.seed()
    if matplotlib := sys.modules.get("matplotlib"):
        matplotlib.rcParams["backend"] = os.environ.get("MPLBACKEND") or INLINE_BACKEND
        # its import registers it with the shell of its process; the zygote had no shell
        sys.modules.pop("matplotlib_inline.backend_inline", None)
    _restore_blas_threads()


def _restore_blas_threads() -> None:
    """Give OpenBLAS the thread count that it would have chosen in this process; the zygote started it with one."""
    count = _blas_thread_count(os.environ)
    if count == 1:
        return
    try:
        maps = [line.split(maxsplit=5) for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()]
    except OSError:  # another system than Linux
        return
    for library in {line[5] for line in maps if len(line) > 5 and "openblas" in line[5].lower()}:  # noqa: PLR2004
        handle = ctypes.CDLL(library)
        for name in _BLAS_FUNCTIONS:
            if set_count := getattr(handle, name, None):
                set_count(ctypes.c_int(count))
                break


def _blas_thread_count(environment: Mapping[str, str]) -> int:
    """Return the thread count that OpenBLAS takes from an environment: by default one for each usable processor.

    Examples
    --------
    >>> _blas_thread_count({"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "2"})
    1
    """
    n_processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    for name in _BLAS_VARIABLES:
        if (text := environment.get(name, "")).isdecimal() and int(text) > 0:
            return min(int(text), n_processors)
    return n_processors
