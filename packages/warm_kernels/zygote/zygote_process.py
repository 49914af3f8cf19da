"""The zygote: a process that has everything imported and forks itself for each kernel.

It is started by `warm_kernels.zygote.zygote` as ``python -c ... <descriptor> <modules>``. It stays single-threaded and
owns no zmq context, event loop or client of anything. Its owner's end of the control channel is its life line.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys

from warm_kernels.environment import own_variables
from warm_kernels.errors import ZygoteRefusedError
from warm_kernels.ipc import Channel
from warm_kernels.kernel.kernel_process import INLINE_BACKEND, run_kernel
from warm_kernels.zygote.fork_loop import ForkLoop
from warm_kernels.zygote.preload import check_descriptors, check_threads, import_all, open_descriptors


def main() -> None:
    """Import, answer whether forking is safe, then fork whenever the owner asks, until it is gone."""
    control = Channel.of_descriptor(int(sys.argv[1]))
    owner = os.getppid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the owner's Ctrl-C is the owner's
    before, given = open_descriptors(), dict(os.environ)
    try:
        own = _prepare(sys.argv[2:], given)
        check_threads()
        check_descriptors(before)
    except ZygoteRefusedError as refusal:
        control.send({"refused": str(refusal)})
        sys.exit(1)
    control.send({"ready": os.getpid()})
    channel = ForkLoop(control, owner).run()
    # from here on this is a kernel
    gc.enable()
    sys.exit(run_kernel(channel, own, given))


def _prepare(modules: list[str], given: dict[str, str]) -> dict[str, str]:
    """Import everything; return the environment variables that the modules have set."""
    gc.disable()
    # an IPython kernel sets the first before a cell can import matplotlib; the second keeps debugpy from printing
    ours = {"MPLBACKEND": INLINE_BACKEND, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    os.environ.update({**ours, **given})
    import_all(modules)
    with contextlib.suppress(ImportError):
        from jupyter_client import localinterfaces  # noqa: PLC0415 - imported as part of the preparation

        localinterfaces.localhost()  # looks at the network interfaces, once
    # a collection in a kernel would write to, and so copy, every page that holds objects of the zygote
    gc.collect()
    gc.freeze()
    return {name: value for name, value in own_variables(given).items() if ours.get(name) != value}
