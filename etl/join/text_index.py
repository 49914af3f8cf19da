"""Find texts among known ones, exactly and fast, with an index that is made once.

`pyarrow.compute.index_in` hashes all the known texts at each call, which costs more than a piece's own lookups. Here
texts are compared as words of eight bytes, in numpy, for all of them at once.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Words = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]

_WORD_BYTES = 8
_LONGEST_BYTES = 64  # longer texts are left to Arrow
_SLOTS_A_TEXT = 4
_MOST_STEPS = 64  # from a text's first slot to the one it has; more is bad luck or malice, and left to Arrow
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
# by how many bytes of a word belong to the text: the bits to keep of it
_KEPT = np.array([(1 << 8 * n_bytes) - 1 for n_bytes in range(_WORD_BYTES + 1)], np.uint64)


class TextIndex:
    """Known texts, ready to be looked up.

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
        if 0 < longest <= _LONGEST_BYTES:
            self._n_words = -(-longest // _WORD_BYTES)
            self._n_bytes, self._words = _words_of(known, self._n_words)
            self._bits = max(len(known) * _SLOTS_A_TEXT, 2).bit_length()
            self._slots = self._fill(_hashed(self._n_bytes, self._words) >> np.uint64(64 - self._bits))

    def find(self, texts: pa.LargeStringArray) -> Numbers:
        """Return the place of each text among the known ones, -1 where it is none of them."""
        if not self._slots.size:
            found: Numbers = pc.fill_null(pc.index_in(texts, self._known), -1).to_numpy().astype(np.int64)
            return found
        n_bytes, words = _words_of(texts, self._n_words)
        slots = (_hashed(n_bytes, words) >> np.uint64(64 - self._bits)).astype(np.int64)
        places = np.full(len(texts), -1, np.int64)
        pending: Numbers | slice = slice(None)
        while slots.size:
            candidates = self._slots[slots]
            is_same = (candidates >= 0) & (self._n_bytes[candidates] == n_bytes[pending])
            for known, word in zip(self._words, words, strict=True):
                is_same &= known[candidates] == word[pending]
            places[pending] = np.where(is_same, candidates, -1)
            goes_on = np.flatnonzero((candidates >= 0) & ~is_same)
            pending = goes_on if isinstance(pending, slice) else pending[goes_on]
            slots = (slots[goes_on] + 1) & (self._slots.size - 1)
        return places

    def _fill(self, first_slots: Words) -> npt.NDArray[np.int32]:
        """Give each known text a slot, the next free one from its first; no slots at all if that goes too far."""
        slots = np.full(1 << self._bits, -1, np.int32)
        pending, wanted = np.arange(len(first_slots), dtype=np.int32), first_slots.astype(np.int64)
        for _step in range(_MOST_STEPS):
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
    """Return each text's length in bytes, and its first words, filled up with zeros."""
    if not len(texts):
        return np.array([], np.int64), [np.array([], np.uint64)] * n_words
    offsets = np.frombuffer(texts.buffers()[1], np.int64)[texts.offset :][: len(texts) + 1]
    begins, n_bytes = offsets[:-1] - offsets[0], offsets[1:] - offsets[:-1]
    data = memoryview(texts.buffers()[2] or b"")[offsets[0] : offsets[-1]]
    raw = np.frombuffer(bytes(data) + bytes(_LONGEST_BYTES + _WORD_BYTES), np.uint8)
    every = np.ndarray((raw.size - _WORD_BYTES + 1,), "<u8", raw, strides=(1,))
    words = []
    for number in range(n_words):
        shift = number * _WORD_BYTES
        words.append(every[begins + shift] & _KEPT[np.clip(n_bytes - shift, 0, _WORD_BYTES)])
    return n_bytes, words


def _hashed(n_bytes: Numbers, words: list[Words]) -> Words:
    hashed = n_bytes.astype(np.uint64)
    for word in words:
        hashed = (hashed ^ word) * _MULTIPLIER
        hashed ^= hashed >> np.uint64(29)
    mixed: Words = hashed * _MULTIPLIER
    return mixed
