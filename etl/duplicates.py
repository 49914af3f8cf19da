"""Count the events that repeat an earlier one, of however many events, in bounded memory."""

from __future__ import annotations

import tempfile
from typing import Self

import numpy as np
import numpy.typing as npt

MOST_HELD = 4 << 20  # numbers of eight bytes: 32 MiB

Numbers = npt.NDArray[np.uint64]


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
        self._runs: list[int] = []  # how many numbers each sorted run in the file has
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
            self._file.write(self._sorted().tobytes())
            self._runs.append(self._n_held)
            self._held, self._n_held = [], 0

    def count(self) -> int:
        """Return how many numbers equal an earlier one."""
        if not self._runs:
            return _n_repeated(self._sorted())
        self._file.flush()
        stored = np.memmap(self._file, np.uint64, mode="r")
        ends = np.cumsum(self._runs)
        runs = [stored[end - n : end] for end, n in zip(ends, self._runs, strict=True)] + [self._sorted()]
        # equal numbers are in the same share of the value range, and a share of all runs fits in memory
        n_shares = len(runs)
        edges = [share * (1 << 64) // n_shares for share in range(1, n_shares)]
        cuts = [[0, *np.searchsorted(run, np.array(edges, np.uint64)).tolist(), len(run)] for run in runs]
        n_repeated = 0
        for share in range(n_shares):
            parts = [run[cut[share] : cut[share + 1]] for run, cut in zip(runs, cuts, strict=True)]
            n_repeated += _n_repeated(np.sort(np.concatenate(parts)))
        return n_repeated

    def _sorted(self) -> Numbers:
        numbers = np.concatenate([np.array([], np.uint64), *self._held])
        numbers.sort()
        return numbers


def _n_repeated(ascending: Numbers) -> int:
    return int((ascending[1:] == ascending[:-1]).sum())
