"""Count the events that repeat an earlier one, of however many events, in bounded memory."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from typing import Self

import numpy as np
import numpy.typing as npt

from etl.join.text_index import mixed

MOST_HELD = 1 << 20  # numbers of eight bytes: 8 MiB

Numbers = npt.NDArray[np.uint64]

_NUMBER_BYTES = 8
_SHARES = 64  # of the value range; one of them, of all runs, is in memory at a time
_EDGES = np.array([share << 58 for share in range(1, _SHARES)], np.uint64)


class DuplicateCounter:
    """Counts how many of the numbers that it was given came before; what it cannot hold goes to a temporary file.

    Parameters
    ----------
    most_held
        How many numbers to hold in memory.

    Examples
    --------
    >>> with DuplicateCounter() as counter:
    ...     counter.add(np.array([1, 2, 1], np.uint64))
    ...     counter.add(np.array([2, 2], np.uint64))
    ...     counter.count()
    3
    """

    def __init__(self, most_held: int = MOST_HELD) -> None:
        self._most_held = most_held
        self._held: list[Numbers] = []
        self._n_held = 0
        self._runs: list[tuple[int, list[int]]] = []  # where each sorted run begins in the file, and its shares in it
        self._file = tempfile.TemporaryFile(prefix="etl-duplicates-")  # noqa: SIM115 - closed by __exit__

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()

    def add(self, numbers: Numbers) -> None:
        """Take numbers in; two are the same event if they are equal."""
        self._held.append(numbers)
        self._n_held += len(numbers)
        if self._n_held > self._most_held:
            self._spill()

    def count(self) -> int:
        """Return how many numbers equal an earlier one."""
        if not self._runs:
            return _n_repeated(self._sorted())
        self._spill()
        return sum(_n_repeated(np.sort(self._share(share))) for share in range(_SHARES))

    def _spill(self) -> None:
        """Write a sorted run to the file, and remember where each share of the value range begins in it."""
        run = self._sorted(mixed)
        cuts = [0, *np.searchsorted(run, _EDGES).tolist(), len(run)]
        begin = self._file.seek(0, os.SEEK_END)
        self._file.write(memoryview(run).cast("B"))
        self._runs.append((begin, cuts))
        self._held, self._n_held = [], 0

    def _share(self, share: int) -> Numbers:
        """Return all numbers of a share of the value range; equal ones are in the same share."""
        parts = []
        for begin, cuts in self._runs:
            self._file.seek(begin + cuts[share] * _NUMBER_BYTES)
            content = self._file.read((cuts[share + 1] - cuts[share]) * _NUMBER_BYTES)
            parts.append(np.frombuffer(content, np.uint64))
        return np.concatenate(parts)

    def _sorted(self, change: Callable[[Numbers], Numbers] = lambda numbers: numbers) -> Numbers:
        numbers = change(np.concatenate([np.array([], np.uint64), *self._held]))
        numbers.sort(kind="stable")  # of all kinds the one that profits most from what is nearly sorted
        return numbers


def _n_repeated(ascending: Numbers) -> int:
    return int((ascending[1:] == ascending[:-1]).sum())
