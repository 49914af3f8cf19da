"""Hold a function to its memory.

The limit is on what all its processes hold together, as on Lambda. It is watched, not enforced by the kernel: a
control group needs rights that an ordinary user seldom has, and RLIMIT_AS limits addresses, which NumPy and others
reserve freely. So a function may hold more for some hundredths of a second before it ends.
"""

import os
import threading
from collections.abc import Callable
from pathlib import Path

_POLL_SECONDS = 0.02
_PAUSE_SECONDS = 0.1  # after a dear look
_STEP_BYTES = 1 << 20
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class MemoryWatch:
    """Watches a process and its descendants until they end.

    Parameters
    ----------
    pid
        The process.
    limit_bytes
        How much all of them may hold.
    on_excess
        Called once, when they hold more.
    """

    def __init__(self, pid: int, limit_bytes: int, on_excess: Callable[[], None]) -> None:
        self.peak_bytes = 0
        self._pid = pid
        self._limit_bytes = limit_bytes
        self._on_excess = on_excess
        self._ended = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def stop(self) -> None:
        """Watch no longer."""
        self._ended.set()

    def _watch(self) -> None:
        most_resident, pause_seconds = 0, _POLL_SECONDS
        while not self._ended.wait(pause_seconds):
            pids = tree(self._pid)
            resident, pause_seconds = sum(map(resident_bytes, pids)), _POLL_SECONDS
            if resident <= min(most_resident + _STEP_BYTES, self._limit_bytes):
                continue
            # What forked processes share must count once; that is dearer to find out, so only when it matters.
            used, pause_seconds = sum(map(proportional_bytes, pids)), _PAUSE_SECONDS
            most_resident = max(most_resident, resident)
            self.peak_bytes = max(self.peak_bytes, used)
            if used > self._limit_bytes:
                self._on_excess()
                return


def tree(pid: int) -> list[int]:
    """Return a process and its descendants; nothing of one that has ended."""
    found, new = [], [pid]
    while new:
        found += new
        new = [child for parent in new for child in _children(parent)]
    return found


def resident_bytes(pid: int) -> int:
    """Return what a process has in memory, shared pages included; 0 for one that has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * _PAGE_BYTES
    except (OSError, IndexError):
        return 0


def proportional_bytes(pid: int) -> int:
    """Return what a process has in memory, each shared page by its share; 0 for one that has ended."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except PermissionError:
        return resident_bytes(pid)
    except OSError:
        pass
    return 0


def _children(pid: int) -> list[int]:
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(child) for thread in threads for child in (thread / "children").read_text("ascii").split()]
    except OSError:
        return []
