"""Look texts up among known texts, exactly and fast, with an index that is built once.

`pyarrow.compute.index_in` hashes all known texts at each call, which costs more than the lookups of a piece. This index
compares texts as words of eight bytes, in numpy, for all of them at once.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Words = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]

_WORD_BYTES = 8
_MAX_BYTES = 64  # of a known text; Arrow looks up longer ones
_SLOTS_A_TEXT = 4
_MAX_PROBES = 64  # of the slots of one text; more is bad luck or malice, and Arrow takes over
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
# by the number of a word's bytes that belong to the text: the mask of their bits
_MASKS = np.array([(1 << 8 * n_bytes) - 1 for n_bytes in range(_WORD_BYTES + 1)], np.uint64)


class TextIndex:
    """A hash table of known texts.

    Parameters
    ----------
    known
        Different texts, none null.

    Examples
    --------
    >>> TextIndex(pa.array(["a", "b"], pa.large_string())).find(pa.array(["b", "a ", "a"], pa.large_string())).tolist()
    [1, -1, 0]
    """

    def __init__(self, known: pa.LargeStringArray) -> None:
        self._known = known
        self._n_words, self._slots = 0, np.array([], np.int32)
        self._n_bytes, self._words = np.array([], np.int64), list[Words]()
        longest = pc.max(pc.binary_length(known)).as_py() or 0
        if 0 < longest <= _MAX_BYTES:
            self._n_words = -(-longest // _WORD_BYTES)
            self._n_bytes, self._words = _words_of(known, self._n_words)
            self._bits = max(len(known) * _SLOTS_A_TEXT, 2).bit_length()
            self._slots = self._fill(_hashed(self._n_bytes, self._words) >> np.uint64(64 - self._bits))

    def find(self, texts: pa.LargeStringArray) -> Numbers:
        """Return the position of each text among the known ones, -1 where it is none of them."""
        if not self._slots.size:
            positions: Numbers = pc.fill_null(pc.index_in(texts, self._known), -1).to_numpy().astype(np.int64)
            return positions
        n_bytes, words = _words_of(texts, self._n_words)
        slots = (_hashed(n_bytes, words) >> np.uint64(64 - self._bits)).astype(np.int64)
        positions = np.full(len(texts), -1, np.int64)
        pending: Numbers | slice = slice(None)
        while slots.size:
            candidates = self._slots[slots]
            is_same = (candidates >= 0) & (self._n_bytes[candidates] == n_bytes[pending])
            for known, word in zip(self._words, words, strict=True):
                is_same &= known[candidates] == word[pending]
            positions[pending] = np.where(is_same, candidates, -1)
            goes_on = np.flatnonzero((candidates >= 0) & ~is_same)
            pending = goes_on if isinstance(pending, slice) else pending[goes_on]
            slots = (slots[goes_on] + 1) & (self._slots.size - 1)
        return positions

    def _fill(self, first_slots: Words) -> npt.NDArray[np.int32]:
        """Return the slots, each known text in the next free one from its first; none after too many probes."""
        slots = np.full(1 << self._bits, -1, np.int32)
        pending, wanted = np.arange(len(first_slots), dtype=np.int32), first_slots.astype(np.int64)
        for _probe in range(_MAX_PROBES):
            is_free = slots[wanted] < 0
            slots[wanted[is_free]] = pending[is_free]
            is_left = slots[wanted] != pending
            pending, wanted = pending[is_left], (wanted[is_left] + 1) & (slots.size - 1)
            if not pending.size:
                return slots
        return np.array([], np.int32)


def mixed(numbers: Words) -> Words:
    """Spread numbers evenly over 64 bits; different ones stay different. Source: the finaliser of MurmurHash3."""
    numbers = (numbers ^ (numbers >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    numbers = (numbers ^ (numbers >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    spread: Words = numbers ^ (numbers >> np.uint64(33))
    return spread


def _words_of(texts: pa.LargeStringArray, n_words: int) -> tuple[Numbers, list[Words]]:
    """Return each text's length in bytes, and its first words, padded with zeros."""
    if not len(texts):
        return np.array([], np.int64), [np.array([], np.uint64)] * n_words
    offsets = np.frombuffer(texts.buffers()[1], np.int64)[texts.offset :][: len(texts) + 1]
    begins, n_bytes = offsets[:-1] - offsets[0], offsets[1:] - offsets[:-1]
    data = memoryview(texts.buffers()[2] or b"")[offsets[0] : offsets[-1]]
    raw = np.frombuffer(bytes(data) + bytes(_MAX_BYTES + _WORD_BYTES), np.uint8)
    every = np.ndarray((raw.size - _WORD_BYTES + 1,), "<u8", raw, strides=(1,))
    words = []
    for number in range(n_words):
        shift = number * _WORD_BYTES
        words.append(every[begins + shift] & _MASKS[np.clip(n_bytes - shift, 0, _WORD_BYTES)])
    return n_bytes, words


def _hashed(n_bytes: Numbers, words: list[Words]) -> Words:
    hashed = n_bytes.astype(np.uint64)
    for word in words:
        hashed = (hashed ^ word) * _MULTIPLIER
        hashed ^= hashed >> np.uint64(29)
    mixed: Words = hashed * _MULTIPLIER
    return mixed
