"""A fork of the zygote runs the kernel that was requested."""

from __future__ import annotations

import importlib.util
import os
import sys
import traceback
from collections.abc import Mapping
from typing import Any

from warm_kernels.ipc import MessageSocket
from warm_kernels.kernel.process_state import replace_environment, reset_process_state
from warm_kernels.kernel_launch import LAUNCHER

_spec = importlib.util.find_spec(LAUNCHER)
LAUNCHER_FILE = (_spec and _spec.origin) or LAUNCHER

REQUEST_SECONDS = 10.0  # the owner sends the request right away


def run_kernel(owner: MessageSocket, changes: Mapping[str, str], initial: Mapping[str, str]) -> int:
    """Run one kernel to its end and return its exit code.

    Parameters
    ----------
    owner
        Socket to the owner, which sends the request: ``arguments`` of the launcher, ``env``, ``cwd`` and ``standby``.
        The answer is the process id once environment, folder and random state are the kernel's own, or an error.
    changes, initial
        The environment variables that imported modules set, and the environment that the zygote started with.
    """
    try:
        request = owner.receive(REQUEST_SECONDS)
        arguments = list(request["arguments"])
        try:
            replace_environment(request["env"], changes, initial)
            reset_process_state(request["cwd"])
        except (OSError, ValueError) as error:
            owner.send({"refused": f"{type(error).__name__}: {error}"})
            return 1
        sys.argv = [LAUNCHER_FILE, *arguments]
        owner.send({"pid": os.getpid()})
    except (OSError, EOFError):  # the owner no longer needs the kernel
        return 1
    # the zygote has imported it
    from warm_kernels.kernel.kernel_app import StandbyKernelApp, WarmKernelApp  # noqa: PLC0415

    parent = os.getppid()  # the kernel ends itself when its parent has ended
    if request["standby"]:
        return _launch(StandbyKernelApp, arguments, parent_handle=parent, owner=owner)
    owner.close()
    return _launch(WarmKernelApp, arguments, parent_handle=parent)


def _launch(app: Any, arguments: list[str], **options: Any) -> int:
    try:
        app.launch_instance(argv=arguments, **options)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.__stderr__)
        return 1
    except BaseException:  # noqa: BLE001 - what Python does at the top of a program
        traceback.print_exc(file=sys.__stderr__)
        return 1
    return 0
