"""Import modules in the zygote, and check that a fork of it is safe."""

from __future__ import annotations

import builtins
import contextlib
import fcntl
import importlib
import os
import stat
import threading
import types
from collections.abc import Iterable, Sequence
from pathlib import Path

from warm_kernels.errors import ZygoteRefusedError

KERNEL = "warm_kernels.kernel.kernel_app"
# What a kernel and its first cells import beyond `KERNEL`: the difference between sys.modules of zygote and kernel.
# Modules that another version of a package lacks are skipped.
KERNEL_MODULES = (
    *("ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "ipykernel.compiler", "ipykernel.debugger"),
    *("ipykernel.subshell", "ipykernel.subshell_manager", "zmq.eventloop.zmqstream", "tornado.platform.asyncio"),
    *("IPython.core.completer", "IPython.core.completerlib", "IPython.core.debugger", "IPython.core.historyapp"),
    *("IPython.core.debugger_backport", "IPython.core.logger", "IPython.core.magic_arguments", "IPython.core.oinspect"),
    *("IPython.core.magics.ast_mod", "IPython.core.magics.execution", "IPython.core.magics.pylab"),
    *("IPython.core.pylabtools", "IPython.extensions.storemagic", "IPython.utils.wildcard", "matplotlib_inline.config"),
    *("sqlite3", "decimal", "unicodedata", "jedi", "pdb", "faulthandler"),
)

# Modules of a package that its first use imports.
LAZY_MODULES = {
    "pandas": (
        *("pandas.io.formats.format", "pandas.io.formats.html", "pandas.io.formats.csvs", "pandas.io.formats.string"),
        *("pandas.io.parsers.readers", "pandas.core.reshape.merge"),
    ),
    "matplotlib": ("matplotlib.backends.backend_agg", "PIL.PngImagePlugin"),
}

_PROCESS_FILES = Path("/proc/self/fd")
_PROCESS_THREADS = Path("/proc/self/task")


def import_all(modules: Sequence[str]) -> None:
    """Import the modules, the kernel's own, and those that both import lazily.

    Raises
    ------
    ZygoteRefusedError
        A module cannot be imported. If it also fails in a stock kernel, the notebook shows that error.
    """
    # with this shell, pandas chooses at its import the width of tables in a notebook, not that of a terminal
    builtins.get_ipython = lambda: types.SimpleNamespace(kernel=None)  # type: ignore[attr-defined]
    for module in (*modules, KERNEL):
        try:
            importlib.import_module(module)
        except BaseException as error:
            reason = f"{type(error).__name__}: {error}"
            raise ZygoteRefusedError(
                f"preload {module!r}: cannot be imported; {reason}. Correct WARM_KERNELS_PRELOAD, or the module."
            ) from error
    del builtins.get_ipython  # type: ignore[attr-defined]
    _import_existing(KERNEL_MODULES)
    for package in {module.partition(".")[0] for module in modules}:
        _import_existing(LAZY_MODULES.get(package, ()))


def _import_existing(modules: Iterable[str]) -> None:
    for module in modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)


def thread_count() -> int:
    """Count this process's threads; where the system has ``/proc``, those of C libraries too."""
    try:
        return len(os.listdir(_PROCESS_THREADS))  # noqa: PTH208 - called before each fork
    except OSError:
        return threading.active_count()


def check_threads() -> None:
    """Refuse to fork a process with threads: in the fork, a lock that one of them holds is never released.

    Raises
    ------
    ZygoteRefusedError
        There is more than one thread; the message names Python's own.
    """
    if (count := thread_count()) > 1:
        names = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
        raise ZygoteRefusedError(
            f"preload: {count - 1} thread(s) are running; found {names[:5] or 'threads of a C library'}; expected "
            "none, a fork would copy their locks. Import the module that starts them in the notebook instead."
        )


def open_descriptors() -> dict[int, str]:
    """Return this process's file descriptors and their targets; none where the system has no ``/proc``."""
    targets = {}
    for entry in _PROCESS_FILES.iterdir() if _PROCESS_FILES.exists() else ():
        try:
            targets[int(entry.name)] = os.readlink(entry)  # noqa: PTH115 - the target may be no path
        except OSError:  # the descriptor that lists the folder
            continue
    return targets


def check_descriptors(before: Iterable[int]) -> None:
    """Refuse to fork with an open connection, event loop or writable file: all kernels would share it.

    Parameters
    ----------
    before
        File descriptors that were open before the imports.

    Raises
    ------
    ZygoteRefusedError
        A preloaded module left such a descriptor open. Devices and files opened for reading are allowed.
    """
    known = set(before)
    shared = [target for number, target in open_descriptors().items() if number not in known and _is_shared(number)]
    if shared:
        raise ZygoteRefusedError(
            f"preload: open descriptors would be shared by all kernels; found {shared[:5]}; expected "
            "none. Open connections, event loops and files in functions, not while the module is imported."
        )


def _is_shared(descriptor: int) -> bool:
    try:
        mode, flags = os.fstat(descriptor).st_mode, fcntl.fcntl(descriptor, fcntl.F_GETFL)
    except OSError:  # closed meanwhile
        return False
    writes = flags & os.O_ACCMODE != os.O_RDONLY
    return not stat.S_ISCHR(mode) and (writes or not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)))
