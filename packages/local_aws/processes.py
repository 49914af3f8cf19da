"""Find and kill every process that a Lambda function started.

A daemon has a session of its own and becomes an orphan when the function dies, so neither process groups nor parent ids
find it. It still has the function's environment variables, and one of them names its execution environment.
"""

import contextlib
import time

import psutil

ID_VARIABLE = "LOCAL_AWS_ENVIRONMENT_ID"
"""The variable with ``<owner id>/<execution environment id>``."""

_ROUNDS = 20
_PAUSE_SECONDS = 0.02


def find_processes(id_prefix: str) -> list[psutil.Process]:
    """Return the living processes whose `ID_VARIABLE` starts with a prefix, such as ``<owner id>/``."""
    return [
        process
        for process in psutil.process_iter(["environ", "status"])
        if process.info["status"] != psutil.STATUS_ZOMBIE
        and (process.info["environ"] or {}).get(ID_VARIABLE, "").startswith(id_prefix)
    ]


def kill_processes(id_prefix: str, root: psutil.Process | None = None) -> None:
    """Kill the processes that `find_processes` finds, and a process with its descendants, until none is left.

    Parameters
    ----------
    id_prefix
        See `find_processes`.
    root
        The first process of an execution environment: leads to descendants that dropped their environment variables.
        May have ended already.
    """
    family: list[psutil.Process] = []
    if root:
        with contextlib.suppress(psutil.NoSuchProcess):
            family = [root, *root.children(recursive=True)]
    for _ in range(_ROUNDS):
        # A process that forks during one round can escape it; the next round finds the child.
        alive = {*filter(_is_alive, family), *find_processes(id_prefix)}
        if not alive:
            return
        for process in alive:
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                process.kill()
        time.sleep(_PAUSE_SECONDS)


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
