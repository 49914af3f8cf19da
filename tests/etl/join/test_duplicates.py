"""Duplicates are counted exactly, whether the numbers fit in memory or not."""

import numpy as np
import pytest

from etl.join.duplicates import DuplicateCounter


@pytest.mark.parametrize("max_in_memory", [0, 1, 7, 1000])
@pytest.mark.parametrize("highest", [1, 50, 1 << 40, (1 << 64) - 1])
def test_counts_numbers_that_came_before(max_in_memory, highest):
    """Counts the same however many numbers go to the file, and however they are spread."""
    made = np.random.default_rng(1)
    pieces = [made.integers(0, highest, size, np.uint64, endpoint=True) for size in (5, 0, 100, 1, 30)]
    pieces.append(pieces[2][:9])
    with DuplicateCounter(max_in_memory) as counter:
        for piece in pieces:
            counter.add(piece)
        together = np.concatenate(pieces)
        assert counter.count() == len(together) - len(np.unique(together))


def test_nothing_has_no_duplicates():
    """A day without events has no duplicates."""
    with DuplicateCounter() as counter:
        assert counter.count() == 0
