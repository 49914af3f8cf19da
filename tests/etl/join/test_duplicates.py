"""Duplicates are counted exactly, in memory or not."""

import numpy as np
import pytest

from etl.join.duplicates import DuplicateCounter
from etl.join.text_index import mixed


@pytest.mark.parametrize("most_held", [0, 1, 7, 1000])
@pytest.mark.parametrize("highest", [1, 50, 1 << 40, (1 << 64) - 1])
def test_counts_what_came_before(most_held, highest):
    """However much of it had to go to the file, and however the numbers are spread."""
    made = np.random.default_rng(1)
    pieces = [made.integers(0, highest, size, np.uint64, endpoint=True) for size in (5, 0, 100, 1, 30)]
    pieces.append(pieces[2][:9])
    with DuplicateCounter(most_held) as counter:
        for piece in pieces:
            counter.add(piece)
        together = np.concatenate(pieces)
        assert counter.count() == len(together) - len(np.unique(together))


def test_nothing_has_no_duplicates():
    """An empty day."""
    with DuplicateCounter() as counter:
        assert counter.count() == 0


def test_mixing_keeps_numbers_apart():
    """It can be undone, so no two become one; and small numbers end up everywhere."""
    numbers = mixed(np.arange(10_000, dtype=np.uint64))
    assert len(np.unique(numbers)) == 10_000
    assert 0.4 < (numbers > np.uint64(1 << 63)).mean() < 0.6
