# Longer than 250 lines: one algorithm on one text, whose steps share its positions
"""Read records that all look alike, as a machine writes them, a column at a time.

Machines write each record the same way: the same keys in the same order, the same blanks. Then every byte between the
values is known beforehand, and numpy can compare it for all records at once. Nothing is assumed: a record is read
here only if each of its bytes is accounted for and its values are plainly what the contract wants. All others are
handed back, byte by byte, for the contract to judge them one by one.

The argument: without a backslash in the text, quotes alone tell strings from what is between them. The text is cut
where ``}``, a separator and ``{`` stand between two strings. If every stretch before a cut is a whole record, no cut
lies within one. That is proved for the records that are read here, and for the others by whoever judges them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from etl.contract.record import EVENT_COLUMNS, LONGEST_DEVICE_ID, Bounds
from etl.raw.file_form import FORMS, Form

Positions = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Words = npt.NDArray[np.uint64]

_MOST_OTHERS = 0.25  # of the records; beyond it, another way is faster
_BLANK = r"[ \t\r\n]*"
PART_BYTES = 1 << 20
_SEARCHED_BYTES = 1 << 16
_SHORTEST_PART = 128  # what is left at the end is most often one record, which cannot be read here
_STRINGS = 2 * len(EVENT_COLUMNS)  # of a record: its keys and values
_WORD_BYTES = 8
_QUOTE, _BLANK_BYTE, _NOT_ASCII = ord('"'), 0x20, 0x80
_N_DIGITS = 10
_POWERS = pa.array(["off", "on"], pa.large_string())  # by whether it is on


@dataclass(frozen=True)
class Alike:
    """What was read of a text.

    Attributes
    ----------
    events
        One row per record that was read: ``device_id``, ``timestamp``, ``power``.
    places
        Of each such record, among the stretches of the text, ascending.
    others
        Of each other stretch: its place, and its first and last byte + 1. Most often it is one record.
    n_stretches
        Of both kinds.
    n_bytes
        How much of the text they make up, from its beginning.
    """

    events: pa.Table
    places: Positions
    others: list[tuple[int, int, int]]
    n_stretches: int
    n_bytes: int


@dataclass(frozen=True)
class Layout:
    """How one file's records are written.

    Attributes
    ----------
    names
        The keys, in their order.
    before
        What stands before each value, from the quote that closes the value before it (or opens the first key) to the
        quote that opens it.
    between
        What stands between two records, quotes included.
    """

    names: tuple[str, ...]
    before: tuple[bytes, ...]
    between: bytes


def _patterns(form: Form) -> tuple[re.Pattern[bytes], re.Pattern[bytes], re.Pattern[bytes]]:
    """Return what a record looks like, the beginning of a file's first one, and that of a later one."""
    names = "|".join(EVENT_COLUMNS)
    if form == "document":
        blank, between, start = _BLANK, f"{_BLANK},{_BLANK}", f"{_BLANK},{_BLANK}"
    else:
        blank, between, start = r"[ \t]*", rf"[ \t\r]*\n{_BLANK}", _BLANK
    key = f'"({names})"{blank}:{blank}"'
    next_key = f'"{blank},{blank}{key}'
    record = f'({key})[^"]*({next_key})[^"]*({next_key})[^"]*("{blank}}}{between}{{{blank}")'
    first, following = f'{_BLANK}{{{blank}(?=")', f'{start}{{{blank}(?=")'
    return re.compile(record.encode()), re.compile(first.encode()), re.compile(following.encode())


# made once, where the module is imported: a small file should not wait for them
_PATTERNS = {form: _patterns(form) for form in FORMS}


class AlikeReader:
    """Reads text after text of the same file, and remembers how its records are written.

    Parameters
    ----------
    form
        Whether records are separated by commas or by line feeds.
    bounds
        Of the timestamps.
    """

    def __init__(self, form: Form, bounds: Bounds) -> None:
        self._record, self._first, self._next = _PATTERNS[form]
        self._bounds = bounds
        self._layout: Layout | None = None

    def read(self, text: bytes, *, after_record: bool) -> Alike | None:
        """Return what could be read of `text`, which begins before a record; None if another way is better.

        Parameters
        ----------
        text
            Its end may be anywhere.
        after_record
            Another record comes before it, so that in a document it must begin with a comma.
        """
        parts: list[Alike] = []
        at = 0
        # a part at a time: what numpy works on then stays in the processor's cache
        while at < len(text) - _SHORTEST_PART and (
            part := self._read_part(text[at : at + PART_BYTES], after_record=after_record or at > 0)
        ):
            parts.append(part)
            at += part.n_bytes
        return _joined(parts) if parts else None

    def _read_part(self, text: bytes, *, after_record: bool) -> Alike | None:
        if not (self._next if after_record else self._first).match(text) or b"\\" in text:
            return None
        layout = self._layout or self._find_layout(text)
        alike = _read(text, layout, self._bounds) if layout else None
        # the next text may be written otherwise
        self._layout = layout if alike else None
        return alike

    def _find_layout(self, text: bytes) -> Layout | None:
        found = self._record.search(text, 0, _SEARCHED_BYTES)
        if not found:
            return None
        before_1, name_1, before_2, name_2, before_3, name_3, between = found.groups()
        names = (name_1.decode(), name_2.decode(), name_3.decode())
        return Layout(names, (before_1, before_2, before_3), between) if len(set(names)) == len(names) else None


def _joined(parts: list[Alike]) -> Alike:
    """Return what was read of adjoining texts as what was read of one."""
    places, others, n_stretches, n_bytes = [], [], 0, 0
    for part in parts:
        places.append(part.places + n_stretches)
        others += [(place + n_stretches, begin + n_bytes, end + n_bytes) for place, begin, end in part.others]
        n_stretches += part.n_stretches
        n_bytes += part.n_bytes
    events = pa.concat_tables([part.events for part in parts]).combine_chunks()
    return Alike(events, np.concatenate(places), others, n_stretches, n_bytes)


def _read(text: bytes, layout: Layout, bounds: Bounds) -> Alike | None:
    raw = np.frombuffer(text + bytes(2 * _WORD_BYTES), np.uint8)  # so that a word can be read at each place
    quotes = np.flatnonzero(raw == _QUOTE)
    opening, closing = quotes[: quotes.size // 2 * 2 : 2], quotes[1::2]
    last_strings = _cuts(raw, opening, closing, layout.between)
    n_stretches = last_strings.size
    if not n_stretches:
        return None
    first_strings = np.concatenate(([0], last_strings[:-1] + 1))
    places = np.flatnonzero(last_strings - first_strings == _STRINGS - 1)
    if n_stretches - places.size > _MOST_OTHERS * n_stretches:
        return None
    strings: slice | Positions = slice(0, n_stretches * _STRINGS, _STRINGS)
    if places.size < n_stretches:
        strings = first_strings[places]
    fits, values = np.ones(places.size, np.bool_), {}
    end_before = opening[strings]
    for number, name in enumerate(layout.names):
        value = 2 * number + 1
        begins, ends = opening[value:][strings], closing[value:][strings]
        fits &= _are(raw, end_before, begins, layout.before[number])
        end_before = ends
        values[name] = (begins + 1, ends)
    is_on, is_power = _powers(raw, *values["power"])
    fits &= is_power & _in_time(raw, *values["timestamp"], bounds) & _plain_ids(raw, *values["device_id"])
    kept = slice(None) if fits.all() else np.flatnonzero(fits)
    places = places[kept]
    if n_stretches - places.size > _MOST_OTHERS * n_stretches:
        return None
    device_ids = _strings(raw, *(ends[kept] for ends in values["device_id"]))
    if not _is_text(device_ids):
        return None
    timestamps = _strings(raw, *(ends[kept] for ends in values["timestamp"]))
    powers = _POWERS.take(pa.array(is_on[kept].view(np.int8)))
    behind = closing[last_strings] + layout.between.index(b"}") + 1
    starts = np.concatenate(([text.index(b"{")], closing[last_strings[:-1]] + layout.between.index(b"{")))
    others = np.setdiff1d(np.arange(n_stretches), places, assume_unique=True)
    return Alike(
        events=pa.table([device_ids, timestamps, powers], names=EVENT_COLUMNS),
        places=places,
        others=[(int(place), int(starts[place]), int(behind[place])) for place in others],
        n_stretches=n_stretches,
        n_bytes=int(behind[-1]),
    )


def _cuts(raw: npt.NDArray[np.uint8], opening: Positions, closing: Positions, between: bytes) -> Positions:
    """Return the strings behind which a record ends and another begins."""
    # most often that is every sixth string
    sixth = np.arange(_STRINGS - 1, opening.size - 1, _STRINGS)
    if sixth.size and _are(raw, closing[sixth], opening[sixth + 1], between).all():
        return sixth
    strings = np.flatnonzero(opening[1:] - closing[: opening.size - 1] == len(between) - 1)
    return strings[_starts_with(raw, closing[strings], between)]


def _are(raw: npt.NDArray[np.uint8], begins: Positions, ends: Positions, text: bytes) -> Mask:
    """Tell where `text` stands from `begins` to `ends`, the last byte."""
    found: Mask = (ends - begins == len(text) - 1) & _starts_with(raw, begins, text)
    return found


def _starts_with(raw: npt.NDArray[np.uint8], places: Positions, text: bytes) -> Mask:
    """Tell at which places `text` stands, comparing a word at a time."""
    found = np.ones(places.size, np.bool_)
    for begin in range(0, len(text), _WORD_BYTES):
        expected = text[begin : begin + _WORD_BYTES]
        words = _words(raw, places + begin if begin else places)
        if len(expected) < _WORD_BYTES:
            words &= np.uint64((1 << 8 * len(expected)) - 1)
        found &= words == np.uint64(int.from_bytes(expected, "little"))
    return found


def _words(raw: npt.NDArray[np.uint8], places: Positions) -> Words:
    """Return the eight bytes at each place, as little-endian numbers."""
    every = np.ndarray((raw.size - _WORD_BYTES + 1,), "<u8", raw, strides=(1,))
    words: Words = every[places]
    return words


def _powers(raw: npt.NDArray[np.uint8], begins: Positions, ends: Positions) -> tuple[Mask, Mask]:
    """Tell which values are ``on``, and which are ``on`` or ``off``."""
    is_on, is_off = (_are(raw, begins, ends, text) for text in (b'on"', b'off"'))
    return is_on, is_on | is_off


def _in_time(raw: npt.NDArray[np.uint8], begins: Positions, ends: Positions, bounds: Bounds) -> Mask:
    """Tell which values are ten digits that name a time within the bounds."""
    has_length: Mask = ends - begins == _N_DIGITS
    first = _words(raw, begins) - np.uint64(0x3030303030303030)
    last = _words(raw, begins + _N_DIGITS - _WORD_BYTES) - np.uint64(0x3030303030303030)
    high, carry = np.uint64(0xF0F0F0F0F0F0F0F0), np.uint64(0x0606060606060606)
    are_digits: Mask = ((first | (first + carry) | last | (last + carry)) & high) == 0
    seconds = _eight_digits(first) * np.uint64(100) + _eight_digits(last) % np.uint64(100)
    is_within: Mask = (seconds >= np.uint64(bounds.earliest)) & (seconds <= np.uint64(bounds.latest))
    found: Mask = has_length & are_digits & is_within
    return found


def _eight_digits(words: Words) -> Words:
    """Return the numbers that words of eight digits, each byte one of 0 to 9, stand for.

    Source: the pairwise sums of "Faster integer parsing", kholdstare.github.io/technical/2020/05/26.
    """
    pairs = (words * np.uint64(10) + (words >> np.uint64(8))) & np.uint64(0x00FF00FF00FF00FF)
    fours = (pairs * np.uint64(100) + (pairs >> np.uint64(16))) & np.uint64(0x0000FFFF0000FFFF)
    return (fours * np.uint64(10_000) + (fours >> np.uint64(32))) & np.uint64(0x00000000FFFFFFFF)


def _plain_ids(raw: npt.NDArray[np.uint8], begins: Positions, ends: Positions) -> Mask:
    """Tell which ids are of a sure length and begin with a visible ASCII character, so that they are not blank."""
    n_bytes, first = ends - begins, raw[begins]
    return (n_bytes > 0) & (n_bytes <= LONGEST_DEVICE_ID) & (first > _BLANK_BYTE) & (first < _NOT_ASCII - 1)


def _strings(raw: npt.NDArray[np.uint8], begins: Positions, ends: Positions) -> pa.LargeStringArray:
    """Copy the values out of the text."""
    n_bytes = ends - begins
    if begins.size and (n_bytes == n_bytes[0]).all():
        # all of one length, as ids most often are: numpy copies them as items of that size
        width = int(n_bytes[0])
        every = np.ndarray((raw.size - width + 1,), f"V{width}", raw, strides=(1,))
        offsets = np.arange(0, (begins.size + 1) * width, width)
        return pa.LargeStringArray.from_buffers(begins.size, pa.py_buffer(offsets), pa.py_buffer(every[begins]))
    # every other one of the strings that begin at each beginning and each end
    offsets = np.empty(2 * begins.size, np.int64)
    offsets[0::2], offsets[1::2] = begins, ends
    both = pa.LargeStringArray.from_buffers(max(offsets.size - 1, 0), pa.py_buffer(offsets), pa.py_buffer(raw))
    return both.take(pa.array(np.arange(0, offsets.size, 2)))


def _is_text(strings: pa.Array) -> bool:
    """Tell whether these are strings that JSON allows: UTF-8, no control characters."""
    raw = np.frombuffer(strings.buffers()[2] or b"", np.uint8)
    if raw.size and np.min(raw) < _BLANK_BYTE:
        return False
    if raw.size and np.max(raw) >= _NOT_ASCII:
        try:
            strings.validate(full=True)
        except pa.ArrowInvalid:
            return False
    return True
