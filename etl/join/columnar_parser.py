# Longer than 250 lines: one algorithm on one text, whose steps share its positions
"""Parse records that a machine wrote in one layout, a column at a time, in numpy.

Machines write each record in the same way: the same keys in the same order, the same blanks. So all bytes between the
values are known beforehand, and numpy compares them for all records at once. A record is parsed here only if each of
its bytes is accounted for and its values certainly satisfy the contract. The positions of all other text are returned,
for the caller to parse it record by record.

Why this is correct: in a text without backslashes, quotes alone separate strings from the bytes between them. The text
is cut into spans where ``}``, a separator and ``{`` lie between two strings. If every span is a complete record, no cut
lies within a record. This parser proves that for the records that it parses, and its caller for the unparsed spans.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from etl.contract.columns import EVENT_COLUMNS
from etl.contract.record import MAX_DEVICE_ID_LENGTH, TimeBounds
from etl.raw.file_form import FORMS, Form

Bytes = npt.NDArray[np.uint8]
Positions = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Words = npt.NDArray[np.uint64]

PART_BYTES = 1 << 20
_MAX_UNPARSED = 0.25  # share of the spans; beyond it, another parser is faster
_MAX_SEARCHED_BYTES = 1 << 16
_MIN_PART_BYTES = 128  # a shorter rest is most often one record, which cannot be parsed here
_STRINGS_A_RECORD = 2 * len(EVENT_COLUMNS)  # its keys and values
_WORD_BYTES = 8
_QUOTE, _SPACE, _DELETE = ord('"'), 0x20, 0x7F
_TIMESTAMP_DIGITS = 10
_POWERS = pa.array(["off", "on"], pa.large_string())


@dataclass(frozen=True)
class ParsedRecords:
    """The records that were parsed at the beginning of a text.

    Attributes
    ----------
    events
        One row per parsed record, with the columns of an event.
    positions
        The position of each of these records among the spans, ascending.
    unparsed
        Each other span: its position, and its first and last byte + 1 in the text. Most often it is one record.
    n_spans
        Number of spans, parsed or not.
    n_bytes
        Length of all spans together.
    """

    events: pa.Table
    positions: Positions
    unparsed: list[tuple[int, int, int]]
    n_spans: int
    n_bytes: int


@dataclass(frozen=True)
class RecordLayout:
    """How one file's records are written; all bytes include the quotes at both their ends."""

    names: tuple[str, ...]  # the keys, in their order
    before: tuple[bytes, ...]  # from the end of the value before, or from the first key, to the value
    between: bytes  # from a record's last value to the next record's first key


def _patterns(form: Form) -> tuple[re.Pattern[bytes], re.Pattern[bytes], re.Pattern[bytes]]:
    """Return the pattern of a record, that of the beginning of a file's first record, and that of a later one."""
    blank, any_blank = r"[ \t]*", r"[ \t\r\n]*"
    between, start = rf"[ \t\r]*\n{any_blank}", any_blank
    if form == "document":
        blank, between, start = any_blank, f"{any_blank},{any_blank}", f"{any_blank},{any_blank}"
    key = f'"({"|".join(EVENT_COLUMNS)})"{blank}:{blank}"'
    members = f'({key})[^"]*' + f'("{blank},{blank}{key})[^"]*' * (len(EVENT_COLUMNS) - 1)
    record = f'{members}("{blank}}}{between}{{{blank}")'
    first, following = f'{any_blank}{{{blank}(?=")', f'{start}{{{blank}(?=")'
    return re.compile(record.encode()), re.compile(first.encode()), re.compile(following.encode())


# compiled at import: a small file should not wait for it
_PATTERNS = {form: _patterns(form) for form in FORMS}


class ColumnarParser:
    """Parses text after text of one file, and remembers the layout of its records.

    Parameters
    ----------
    form
        Whether records are separated by commas or by line feeds.
    bounds
        Of the timestamps.
    """

    def __init__(self, form: Form, bounds: TimeBounds) -> None:
        self._record, self._first, self._following = _PATTERNS[form]
        self._bounds = bounds
        self._layout: RecordLayout | None = None

    def parse(self, text: bytes, *, after_record: bool) -> ParsedRecords | None:
        """Parse the records at the beginning of `text`; return None if another parser is better.

        Parameters
        ----------
        text
            May end anywhere.
        after_record
            A record comes before it, so that in a document it must begin with a comma.
        """
        parts: list[ParsedRecords] = []
        position = 0
        # a part at a time: numpy's arrays then fit the processor's cache
        while position < len(text) - _MIN_PART_BYTES and (
            part := self._parse_part(text[position : position + PART_BYTES], after_record=after_record or position > 0)
        ):
            parts.append(part)
            position += part.n_bytes
        return _concatenated(parts) if parts else None

    def _parse_part(self, text: bytes, *, after_record: bool) -> ParsedRecords | None:
        if not (self._following if after_record else self._first).match(text) or b"\\" in text:
            return None
        layout = self._layout or self._find_layout(text)
        parsed = _parse(text, layout, self._bounds) if layout else None
        # the next text may have another layout
        self._layout = layout if parsed else None
        return parsed

    def _find_layout(self, text: bytes) -> RecordLayout | None:
        match = self._record.search(text, 0, _MAX_SEARCHED_BYTES)
        if not match:
            return None
        *members, between = match.groups()
        names = tuple(name.decode() for name in members[1::2])
        return RecordLayout(names, tuple(members[0::2]), between) if len(set(names)) == len(names) else None


def _concatenated(parts: list[ParsedRecords]) -> ParsedRecords:
    """Return the records of adjoining texts as those of one text."""
    positions, unparsed, n_spans, n_bytes = [], [], 0, 0
    for part in parts:
        positions.append(part.positions + n_spans)
        unparsed += [(nth + n_spans, begin + n_bytes, end + n_bytes) for nth, begin, end in part.unparsed]
        n_spans += part.n_spans
        n_bytes += part.n_bytes
    events = pa.concat_tables([part.events for part in parts]).combine_chunks()
    return ParsedRecords(events, np.concatenate(positions), unparsed, n_spans, n_bytes)


def _parse(text: bytes, layout: RecordLayout, bounds: TimeBounds) -> ParsedRecords | None:
    raw = np.frombuffer(text + bytes(2 * _WORD_BYTES), np.uint8)  # so that a word can be read at each position
    quotes = np.flatnonzero(raw == _QUOTE)
    opening, closing = quotes[: quotes.size // 2 * 2 : 2], quotes[1::2]
    last_strings = _last_strings(raw, opening, closing, layout.between)
    n_spans = last_strings.size
    if not n_spans:
        return None
    first_strings = np.concatenate(([0], last_strings[:-1] + 1))
    positions = np.flatnonzero(last_strings - first_strings == _STRINGS_A_RECORD - 1)
    if n_spans - positions.size > _MAX_UNPARSED * n_spans:
        return None
    strings: slice | Positions = slice(0, n_spans * _STRINGS_A_RECORD, _STRINGS_A_RECORD)
    if positions.size < n_spans:
        strings = first_strings[positions]
    is_valid, values = np.ones(positions.size, np.bool_), {}
    end_before = opening[strings]
    for number, name in enumerate(layout.names):
        value = 2 * number + 1
        begins, ends = opening[value:][strings], closing[value:][strings]
        is_valid &= _equals(raw, end_before, begins, layout.before[number])
        is_valid &= _VALIDATORS[name](raw, begins + 1, ends, bounds)
        values[name], end_before = (begins + 1, ends), ends
    valid = slice(None) if is_valid.all() else np.flatnonzero(is_valid)
    positions = positions[valid]
    if n_spans - positions.size > _MAX_UNPARSED * n_spans:
        return None
    columns = [_column(name, raw, *(ends[valid] for ends in values[name])) for name in EVENT_COLUMNS]
    if not all(map(_is_json_text, columns)):
        return None
    behind = closing[last_strings] + layout.between.index(b"}") + 1
    starts = np.concatenate(([text.index(b"{")], closing[last_strings[:-1]] + layout.between.index(b"{")))
    unparsed = np.setdiff1d(np.arange(n_spans), positions, assume_unique=True)
    return ParsedRecords(
        events=pa.table(columns, names=EVENT_COLUMNS),
        positions=positions,
        unparsed=[(int(position), int(starts[position]), int(behind[position])) for position in unparsed],
        n_spans=n_spans,
        n_bytes=int(behind[-1]),
    )


def _last_strings(raw: Bytes, opening: Positions, closing: Positions, between: bytes) -> Positions:
    """Return the numbers of the strings behind which a record ends and another begins."""
    # most often that is each record's last string
    regular = np.arange(_STRINGS_A_RECORD - 1, opening.size - 1, _STRINGS_A_RECORD)
    if regular.size and _equals(raw, closing[regular], opening[regular + 1], between).all():
        return regular
    strings = np.flatnonzero(opening[1:] - closing[: opening.size - 1] == len(between) - 1)
    return strings[_starts_with(raw, closing[strings], between)]


def _equals(raw: Bytes, begins: Positions, lasts: Positions, text: bytes) -> Mask:
    """Tell where the bytes from `begins` to `lasts`, both included, are `text`."""
    is_equal: Mask = (lasts - begins == len(text) - 1) & _starts_with(raw, begins, text)
    return is_equal


def _starts_with(raw: Bytes, begins: Positions, text: bytes) -> Mask:
    """Tell at which positions `text` begins, comparing a word at a time."""
    is_equal = np.ones(begins.size, np.bool_)
    for shift in range(0, len(text), _WORD_BYTES):
        expected = text[shift : shift + _WORD_BYTES]
        words = _words(raw, begins + shift if shift else begins)
        if len(expected) < _WORD_BYTES:
            words &= np.uint64((1 << 8 * len(expected)) - 1)
        is_equal &= words == np.uint64(int.from_bytes(expected, "little"))
    return is_equal


def _words(raw: Bytes, begins: Positions) -> Words:
    """Return the eight bytes at each position, as little-endian numbers."""
    every = np.ndarray((raw.size - _WORD_BYTES + 1,), "<u8", raw, strides=(1,))
    words: Words = every[begins]
    return words


def _is_valid_id(raw: Bytes, begins: Positions, ends: Positions, _bounds: TimeBounds) -> Mask:
    """Tell which ids are short enough and begin with a visible ASCII character, so that they are not blank."""
    n_bytes, first = ends - begins, raw[begins]
    return (n_bytes > 0) & (n_bytes <= MAX_DEVICE_ID_LENGTH) & (first > _SPACE) & (first < _DELETE)


def _is_valid_time(raw: Bytes, begins: Positions, ends: Positions, bounds: TimeBounds) -> Mask:
    """Tell which values are ten digits that name a time within the bounds."""
    has_length: Mask = ends - begins == _TIMESTAMP_DIGITS
    first = _words(raw, begins) - np.uint64(0x3030303030303030)
    last = _words(raw, begins + _TIMESTAMP_DIGITS - _WORD_BYTES) - np.uint64(0x3030303030303030)
    high, carry = np.uint64(0xF0F0F0F0F0F0F0F0), np.uint64(0x0606060606060606)
    are_digits: Mask = ((first | (first + carry) | last | (last + carry)) & high) == 0
    seconds = _eight_digits(first) * np.uint64(100) + _eight_digits(last) % np.uint64(100)
    is_within: Mask = (seconds >= np.uint64(bounds.earliest)) & (seconds <= np.uint64(bounds.latest))
    is_valid: Mask = has_length & are_digits & is_within
    return is_valid


def _eight_digits(words: Words) -> Words:
    """Return the numbers that words of eight digits, each byte one of 0 to 9, spell.

    Source: the pairwise sums of "Faster integer parsing", kholdstare.github.io/technical/2020/05/26.
    """
    pairs = (words * np.uint64(10) + (words >> np.uint64(8))) & np.uint64(0x00FF00FF00FF00FF)
    fours = (pairs * np.uint64(100) + (pairs >> np.uint64(16))) & np.uint64(0x0000FFFF0000FFFF)
    return (fours * np.uint64(10_000) + (fours >> np.uint64(32))) & np.uint64(0x00000000FFFFFFFF)


def _is_valid_power(raw: Bytes, begins: Positions, ends: Positions, _bounds: TimeBounds) -> Mask:
    """Tell which values are ``on`` or ``off``; compared with the quote behind them."""
    return _equals(raw, begins, ends, b'on"') | _equals(raw, begins, ends, b'off"')


# For each field of an event: which values, from their first byte to their last + 1, certainly satisfy the contract.
# A value that may have non-ASCII or control characters is checked for these afterwards.
_VALIDATORS: dict[str, Callable[[Bytes, Positions, Positions, TimeBounds], Mask]] = {
    "device_id": _is_valid_id,
    "timestamp": _is_valid_time,
    "power": _is_valid_power,
}


def _column(name: str, raw: Bytes, begins: Positions, ends: Positions) -> pa.LargeStringArray:
    """Copy the values out of the text."""
    n_bytes = ends - begins
    if name == "power":
        return _POWERS.take(pa.array((n_bytes == len("on")).view(np.int8)))
    width = int(n_bytes[0]) if begins.size else 0
    if width and (n_bytes == width).all():
        # all of one length, as ids most often are: numpy copies them as items of that size
        every = np.ndarray((raw.size - width + 1,), f"V{width}", raw, strides=(1,))
        offsets = np.arange(0, (begins.size + 1) * width, width)
        return pa.LargeStringArray.from_buffers(begins.size, pa.py_buffer(offsets), pa.py_buffer(every[begins]))
    # of the strings that begin at each value and at each end, those with even numbers are the values
    offsets = np.empty(2 * begins.size, np.int64)
    offsets[0::2], offsets[1::2] = begins, ends
    both = pa.LargeStringArray.from_buffers(max(offsets.size - 1, 0), pa.py_buffer(offsets), pa.py_buffer(raw))
    return both.take(pa.array(np.arange(0, offsets.size, 2)))


def _is_json_text(strings: pa.LargeStringArray) -> bool:
    """Tell whether JSON allows these strings: UTF-8, no control characters."""
    raw = np.frombuffer(strings.buffers()[2] or b"", np.uint8)
    if raw.size and np.min(raw) < _SPACE:
        return False
    try:
        strings.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
