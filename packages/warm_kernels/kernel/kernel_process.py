"""What a fork of the zygote does to become the kernel that was asked for."""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping
from typing import Any

from warm_kernels.blas import restore_thread_count
from warm_kernels.environment import become
from warm_kernels.ipc import Channel, Message
from warm_kernels.launch_fingerprint import LAUNCHER

_spec = importlib.util.find_spec(LAUNCHER)
LAUNCHER_FILE = (_spec and _spec.origin) or LAUNCHER

# what an IPython kernel writes into MPLBACKEND unless somebody else has
INLINE_BACKEND = "module://matplotlib_inline.backend_inline"

REQUEST_SECONDS = 10.0  # the owner sends it right away


def run_kernel(channel: Channel, own: Mapping[str, str], given: Mapping[str, str]) -> int:
    """Run one kernel to its end and return its exit code.

    Parameters
    ----------
    own, given
        The environment variables that the imported modules have set, and those that the zygote was started with.
    channel
        To the owner, who sends the request: ``arguments`` of the launcher, ``env``, ``cwd`` and ``standby``. It is
        told the process id when environment, folder and random state are the kernel's own, or why that failed.
    """
    try:
        request = channel.receive(REQUEST_SECONDS)
        try:
            become(request["env"], own, given)
            apply(request)
        except (OSError, ValueError) as error:
            channel.send({"refused": f"{type(error).__name__}: {error}"})
            return 1
        channel.send({"pid": os.getpid()})
    except (OSError, EOFError):  # the owner no longer wants it
        return 1
    # the zygote has imported them, and would have refused had it failed
    from warm_kernels.kernel.kernel_app import WarmKernelApp  # noqa: PLC0415
    from warm_kernels.kernel.standby_app import StandbyKernelApp  # noqa: PLC0415

    arguments, parent = list(request["arguments"]), os.getppid()  # the kernel ends itself when its parent is gone
    if request["standby"]:
        return _launch(StandbyKernelApp, arguments, parent_handle=parent, owner_channel=channel)
    channel.close()
    return _launch(WarmKernelApp, arguments, parent_handle=parent)


def apply(request: Message) -> None:
    """Give this process the folder, arguments and random state that a newly started one would have.

    Raises
    ------
    OSError
        The folder does not exist.
    """
    time.tzset()
    tempfile.tempdir = None  # found anew from the environment
    os.chdir(request["cwd"])
    sys.argv = [LAUNCHER_FILE, *request["arguments"]]
    # Python itself seeds `random` anew after a fork
    if numpy_random := sys.modules.get("numpy.random"):
        numpy_random.seed()
    _reset_matplotlib()
    restore_thread_count(os.environ)


def _reset_matplotlib() -> None:
    """Let matplotlib, if it is loaded, meet this kernel the way it meets one that imports it."""
    if matplotlib := sys.modules.get("matplotlib"):
        matplotlib.rcParams["backend"] = os.environ.get("MPLBACKEND") or INLINE_BACKEND
        # when imported, this registers itself with the shell of its process; in the zygote there was none
        sys.modules.pop("matplotlib_inline.backend_inline", None)


def _launch(app: Any, arguments: list[str], **options: Any) -> int:
    try:
        app.launch_instance(argv=arguments, **options)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.__stderr__)
        return 1
    except BaseException:  # noqa: BLE001 - the last stop
        traceback.print_exc(file=sys.__stderr__)
        return 1
    return 0
