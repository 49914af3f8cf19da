"""The text index finds exactly the known texts, and its hash spreads numbers without merging any."""

import random

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from etl.join.text_index import TextIndex, mixed


@pytest.mark.parametrize("n_known", [0, 1, 2, 1000])
@pytest.mark.parametrize("longest", [7, 8, 9, 40, 100])
def test_the_index_finds_exactly_what_arrow_finds(n_known, longest):
    """Finds texts of every length, in an array or in a slice of one, also those that are left to Arrow."""
    made = random.Random(longest)  # noqa: S311 - no secret
    texts = sorted({"".join(made.choices("ab\0é😀", k=made.randint(0, longest)))[:longest] for _ in range(2 * n_known)})
    known = pa.array(texts[:n_known], pa.large_string())
    asked = pa.array([*texts[::-1], "", "a", "a\0", "a" * 200], pa.large_string())
    for part in (asked, asked[3:-2], asked[:0]):
        expected = pc.fill_null(pc.index_in(part, known), -1).to_pylist()
        assert TextIndex(known).find(part).tolist() == expected


def test_the_index_gives_up_on_texts_that_collide(monkeypatch):
    """Known texts that all hash to the same slot make the lookup slower, not wrong."""
    monkeypatch.setattr("etl.join.text_index._hashed", lambda n_bytes, _words: np.zeros(len(n_bytes), np.uint64))
    known = pa.array([f"id{number}" for number in range(200)], pa.large_string())
    assert TextIndex(known).find(known).tolist() == list(range(200))


def test_mixing_keeps_numbers_apart():
    """No two numbers are mixed to the same one, and small numbers are spread over the whole range."""
    numbers = mixed(np.arange(10_000, dtype=np.uint64))
    assert len(np.unique(numbers)) == 10_000
    assert 0.4 < (numbers > np.uint64(1 << 63)).mean() < 0.6
