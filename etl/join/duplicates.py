"""Count the events that repeat an earlier one, of however many events, in bounded memory."""

from __future__ import annotations

import os
import tempfile
from typing import Self

import numpy as np
import numpy.typing as npt

from etl.join.text_index import mixed

MAX_IN_MEMORY = 1 << 20  # numbers of eight bytes: 8 MiB

Numbers = npt.NDArray[np.uint64]

_NUMBER_BYTES = 8
_SHARES = 64  # of the value range; one of them, of all runs, is in memory at a time
_EDGES = np.array([share << 58 for share in range(1, _SHARES)], np.uint64)


class DuplicateCounter:
    """Counts the numbers that were added before; those that do not fit in memory go to a temporary file.

    Parameters
    ----------
    max_in_memory
        How many numbers to hold in memory.

    Examples
    --------
    >>> with DuplicateCounter() as counter:
    ...     counter.add(np.array([1, 2, 1], np.uint64))
    ...     counter.add(np.array([2, 2], np.uint64))
    ...     counter.count()
    3
    """

    def __init__(self, max_in_memory: int = MAX_IN_MEMORY) -> None:
        self._max_in_memory = max_in_memory
        self._pending = [np.array([], np.uint64)]
        self._n_pending = 0
        self._runs: list[tuple[int, list[int]]] = []  # of each sorted run: its offset in the file, its shares' indexes
        self._file = tempfile.TemporaryFile(prefix="etl-duplicates-")  # noqa: SIM115 - closed by __exit__

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()

    def add(self, numbers: Numbers) -> None:
        """Add the numbers of events; equal numbers mean equal events."""
        self._pending.append(numbers)
        self._n_pending += len(numbers)
        if self._n_pending > self._max_in_memory:
            self._spill()

    def count(self) -> int:
        """Return how many numbers equal an earlier one."""
        if not self._runs:
            return _n_repeated(np.concatenate(self._pending))
        self._spill()
        return sum(_n_repeated(self._share(share)) for share in range(_SHARES))

    def _spill(self) -> None:
        """Write the pending numbers to the file as a sorted run, mixed so that all shares are of one size."""
        run = np.sort(mixed(np.concatenate(self._pending)))
        indexes = [0, *np.searchsorted(run, _EDGES).tolist(), len(run)]
        offset = self._file.seek(0, os.SEEK_END)
        self._file.write(memoryview(run).cast("B"))
        self._runs.append((offset, indexes))
        self._pending, self._n_pending = [np.array([], np.uint64)], 0

    def _share(self, share: int) -> Numbers:
        """Return all numbers of a share of the value range; equal ones are in the same share."""
        parts = []
        for offset, indexes in self._runs:
            self._file.seek(offset + indexes[share] * _NUMBER_BYTES)
            content = self._file.read((indexes[share + 1] - indexes[share]) * _NUMBER_BYTES)
            parts.append(np.frombuffer(content, np.uint64))
        return np.concatenate(parts)


def _n_repeated(numbers: Numbers) -> int:
    numbers.sort(kind="stable")  # of all kinds the one that profits most from nearly sorted numbers
    return int((numbers[1:] == numbers[:-1]).sum())
