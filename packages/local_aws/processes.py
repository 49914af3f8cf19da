"""Find and end every process that a function started, wherever it has gone.

A daemon lives in a session of its own and loses its parent when the function dies, so neither process groups nor
parents find it. What it keeps is its environment: each function instance starts with a mark there.
"""

import contextlib
import time

import psutil

MARK = "LOCAL_AWS_INSTANCE"
_ROUNDS = 20
_PAUSE_SECONDS = 0.02


def marked_processes(mark: str) -> list[psutil.Process]:
    """Return the living processes whose mark starts with `mark`.

    Parameters
    ----------
    mark
        ``<owner>/<instance>`` for the processes of one instance, ``<owner>/`` for those of all its owner's instances.
    """
    return [
        process
        for process in psutil.process_iter(["environ", "status"])
        if process.info["status"] != psutil.STATUS_ZOMBIE
        and (process.info["environ"] or {}).get(MARK, "").startswith(mark)
    ]


def kill_marked(mark: str, root: psutil.Process | None = None) -> None:
    """Kill all processes with `mark`, and the descendants of `root`, until none is left.

    Parameters
    ----------
    mark
        See `marked_processes`.
    root
        The instance's own process; finds descendants that gave up their environment. May have ended already.
    """
    known = _descendants(root) if root else []
    for _ in range(_ROUNDS):
        # A process that is about to fork can escape one round, its child does not escape the next.
        alive = [p for p in {*known, *marked_processes(mark)} if _is_alive(p)]
        if not alive:
            return
        for process in alive:
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                process.kill()
        time.sleep(_PAUSE_SECONDS)


def _descendants(root: psutil.Process) -> list[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess):
        return [root, *root.children(recursive=True)]
    return []


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
