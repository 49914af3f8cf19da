"""Enforce a function's memory limit.

As on Lambda, the limit is on the sum over all processes of the function. The processes are polled: a control group
needs rights that an ordinary user seldom has, and RLIMIT_AS limits address space, which NumPy and others reserve
freely. So a function can exceed its limit for some hundredths of a second before it is killed.
"""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import psutil

_POLL_SECONDS = 0.02
_PAUSE_SECONDS = 0.1  # after an expensive measurement
_STEP_BYTES = 1 << 20
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class MemoryWatch:
    """Watches a process and its descendants until they end.

    Parameters
    ----------
    pid
        The process.
    limit_bytes
        The limit on the memory of all of them.
    on_excess
        Called once, when they exceed it.
    """

    def __init__(self, pid: int, limit_bytes: int, on_excess: Callable[[], None]) -> None:
        self.peak_bytes = 0
        self._pid = pid
        self._limit_bytes = limit_bytes
        self._on_excess = on_excess
        self._ended = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def stop(self) -> None:
        """Stop watching."""
        self._ended.set()

    def _watch(self) -> None:
        max_resident, pause_seconds = 0, _POLL_SECONDS
        while not self._ended.wait(pause_seconds):
            pids = tree(self._pid)
            resident, pause_seconds = sum(map(resident_bytes, pids)), _POLL_SECONDS
            if resident <= min(max_resident + _STEP_BYTES, self._limit_bytes):
                continue
            # Pages that forked processes share must count once; that is expensive to measure, so only when needed.
            used, pause_seconds = sum(map(proportional_bytes, pids)), _PAUSE_SECONDS
            max_resident = max(max_resident, resident)
            self.peak_bytes = max(self.peak_bytes, used)
            if used > self._limit_bytes:
                self._on_excess()
                return


def tree(pid: int) -> list[int]:
    """Return the ids of a process and its descendants; psutil would read all processes of the machine for that."""
    pids, new = [], [pid]
    while new:
        pids += new
        new = [child for parent in new for child in _children(parent)]
    return pids


def resident_bytes(pid: int) -> int:
    """Return a process's memory, shared pages included; 0 for an ended process."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * _PAGE_BYTES
    except (OSError, IndexError):
        return 0


def proportional_bytes(pid: int) -> int:
    """Return a process's memory, each shared page divided by the number of its users; 0 for an ended process."""
    try:
        return int(psutil.Process(pid).memory_full_info().pss)
    except psutil.AccessDenied:
        return resident_bytes(pid)
    except (psutil.NoSuchProcess, OSError):
        return 0


def _children(pid: int) -> list[int]:
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(child) for thread in threads for child in (thread / "children").read_text("ascii").split()]
    except OSError:
        return []
