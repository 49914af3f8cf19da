"""The zygote process: imports modules once and forks itself for each kernel.

`warm_kernels.zygote.zygote` starts it as ``python -c ... <descriptor> <modules>``. It stays single-threaded and has no
zmq context, event loop or network client. It ends when the owner closes its end of the control socket.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys

from warm_kernels.errors import ZygoteRefusedError
from warm_kernels.ipc import MessageSocket
from warm_kernels.kernel.kernel_process import run_kernel
from warm_kernels.kernel.process_state import INLINE_BACKEND, environment_changes
from warm_kernels.zygote.fork_loop import ForkLoop
from warm_kernels.zygote.preload import check_descriptors, check_threads, import_all, open_descriptors


def main() -> None:
    """Import the modules, report whether a fork is safe, then fork for each request until the owner ends."""
    control = MessageSocket.from_descriptor(int(sys.argv[1]))
    owner = os.getppid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the owner
    before, initial = open_descriptors(), dict(os.environ)
    try:
        changes = _prepare(sys.argv[2:], initial)
        check_threads()
        check_descriptors(before)
    except ZygoteRefusedError as refusal:
        control.send({"refused": str(refusal)})
        sys.exit(1)
    control.send({"ready": os.getpid()})
    kernel_owner = ForkLoop(control, owner).run()
    # from here on this process is a forked kernel
    gc.enable()
    sys.exit(run_kernel(kernel_owner, changes, initial))


def _prepare(modules: list[str], initial: dict[str, str]) -> dict[str, str]:
    """Import the modules; return the environment variables that they set."""
    gc.disable()
    # an IPython kernel sets the first before a cell can import matplotlib; the second keeps debugpy from printing
    defaults = {"MPLBACKEND": INLINE_BACKEND, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    os.environ.update({**defaults, **initial})
    import_all(modules)
    with contextlib.suppress(ImportError):
        from jupyter_client import localinterfaces  # noqa: PLC0415 - imported as part of the preparation

        localinterfaces.localhost()  # lists the network interfaces and caches the result
    # a garbage collection in a kernel would write to, and so copy, every page with objects of the zygote
    gc.collect()
    gc.freeze()
    changes = environment_changes(initial)
    return {name: value for name, value in changes.items() if defaults.get(name) != value}
