"""Read a raw file in pieces: bytes in, decoded JSON values out, or an error that names the place.

A raw file is one JSON object with a list ``data``, or JSON Lines; UTF-8 with or without BOM; plain or gzip. Memory
holds one piece of it at a time.
"""

from __future__ import annotations

import itertools
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, NoReturn, get_args

from etl.contract import LONGEST_QUOTE, RepeatedKeys, json_type
from etl.errors import RawFileError

PIECE_BYTES = 8 << 20

Form = Literal["document", "lines"]
FORMS: tuple[Form, ...] = get_args(Form)

# What surrounds the list, and a single record, are read whole
LONGEST_WHOLE_BYTES = 64 << 20

_GZIP_MAGIC = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_NO_OTHER_BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_BLANK = re.compile(r"[ \t\r\n]*")
_EXPECTED = 'expected one JSON object with a list "data", or JSON Lines'
_DAMAGED = "the gzip data is damaged or cut short"


@dataclass(frozen=True)
class Decoded:
    """A decoded record, and how it begins as it stands in the file (at most 200 characters)."""

    value: Any
    text: str


class RawFile:
    """The records of a raw file, as far as they have been read.

    Its reader looks at `buffer`, which begins where the next record is expected, takes what it understands at its
    beginning with `take`, and asks for more with `read_on`. What it does not understand it leaves to `one_by_one`.

    Parameters
    ----------
    blocks
        The file's bytes, in blocks of any size.
    source
        Its name, for error messages.
    piece_bytes
        How much to hold at a time, in bytes.

    Attributes
    ----------
    form
        One document with a list ``data``, or JSON Lines.
    buffer
        Plain bytes that were read and not yet taken.
    after_record
        A record was just taken, so that a document must go on with a comma or the end of its list.
    ended
        The file's last byte is in `buffer`, or was taken.

    Raises
    ------
    RawFileError
        From each method: the file is empty, truncated, not UTF-8, not JSON or of another shape.
    """

    def __init__(self, blocks: Iterable[bytes], *, source: str, piece_bytes: int = PIECE_BYTES) -> None:
        self._blocks = _plain(iter(blocks), source, piece_bytes)
        self._source, self._piece_bytes = source, piece_bytes
        self.buffer, self.ended, self.after_record = b"", False, False
        self._n_taken, self._n_lines, self._finished = 0, 0, False
        self._head = ""
        self.form: Form = "document"
        self.form = self._find_records()

    @property
    def finished(self) -> bool:
        """Tell whether every record was taken, and the file was found to end as it should."""
        if self.form == "lines" and self.ended and not self.buffer.strip():
            self._finished = True
        return self._finished

    def read_on(self) -> None:
        """Read until the buffer holds a piece, and at least twice what it held, or the file ends."""
        wanted = max(self._piece_bytes, 2 * len(self.buffer), 4)
        parts, n_bytes = [self.buffer], len(self.buffer)
        while n_bytes < wanted and not self.ended:
            block = next(self._blocks, None)
            if block is None:
                self.ended = True
            else:
                parts.append(block)
                n_bytes += len(block)
        self.buffer = b"".join(parts)

    def take(self, n_bytes: int, *, after_record: bool) -> None:
        """Take whole records off the buffer; `after_record` tells that what follows is no record yet, but a comma."""
        self._n_lines += self.buffer.count(b"\n", 0, n_bytes) if self.form == "lines" else 0
        self._n_taken += n_bytes
        self.buffer, self.after_record = self.buffer[n_bytes:], after_record

    def one_by_one(self) -> list[Decoded]:
        """Decode and take the records of the buffer, as many as are whole, with Python's strict JSON decoder."""
        if self.form == "lines":
            n_bytes = len(self.buffer) if self.ended else self.buffer.rfind(b"\n") + 1
            try:
                decoded = decode_lines(self._text(self.buffer[:n_bytes], whole=True), n_before=self._n_lines)
            except LineError as error:
                raise RawFileError(f"{self._source}: {error}") from None
            self.take(n_bytes, after_record=False)
        else:
            text = self._text(self.buffer, whole=self.ended)
            items = ListItems(text, after_record=self.after_record)
            try:
                decoded = list(items)
            except (ValueError, RecursionError) as error:
                # an error at the end may be a record that goes on in the next block
                if self.ended or items.is_wrong or len(self.buffer) > LONGEST_WHOLE_BYTES:
                    self._fail(text, getattr(error, "pos", items.position), _reason(error))
                decoded = items.done
            self.take(len(text[: items.position].encode()), after_record=items.after_record)
            if items.at_end:
                self._check_tail()
            elif self.ended:
                text = self._text(self.buffer, whole=True)
                self._fail(text, len(text), 'not valid JSON (the list "data" has no end)')
        if not decoded and not self._finished and not self.ended and len(self.buffer) > LONGEST_WHOLE_BYTES:
            self._fail("", 0, f"a record is longer than {LONGEST_WHOLE_BYTES >> 20} MiB")
        return decoded

    def _find_records(self) -> Form:
        """Read up to the first record and tell which form the file has."""
        while True:
            self.read_on()
            if not self._n_taken:
                self._skip_bom()
            text = self._text(self.buffer, whole=self.ended)
            may_grow = not self.ended and len(self.buffer) <= LONGEST_WHOLE_BYTES
            try:
                form, position = _form(text, is_whole=self.ended)
            except _NeedsMoreError as needs:
                if may_grow:
                    continue
                self._fail(text, needs.position, needs.reason, needs.expected)
            except RawFileError as error:
                raise RawFileError(f"{self._source}: {error}") from None
            if form == "document":
                self._head = text[:position]
                self.take(len(self._head.encode()), after_record=False)
            return form

    def _skip_bom(self) -> None:
        for mark, encoding in _NO_OTHER_BOMS.items():
            if self.buffer.startswith(mark):
                raise RawFileError(f"{self._source}: byte 0: the file is encoded in {encoding}; expected UTF-8.")
        if self.buffer.startswith(_BOM):
            self._n_taken += len(_BOM)
            self.buffer = self.buffer[len(_BOM) :]

    def _check_tail(self) -> None:
        """Read what follows the list, and check that it completes the document."""
        while not self.ended:
            self.read_on()
            if len(self.buffer) > LONGEST_WHOLE_BYTES:
                self._fail("", 0, f'what follows "data" is longer than {LONGEST_WHOLE_BYTES >> 20} MiB')
        tail = self._text(self.buffer, whole=True)
        before = f"{self._head}]"  # the list without its records
        text, shift = before + tail, -len(before.encode())
        try:
            document, end = _DECODER.raw_decode(text, _skip_blank(text, 0))
        except (ValueError, RecursionError) as error:
            self._fail(text, getattr(error, "pos", len(text)), _reason(error), shift=shift)
        if (end := _skip_blank(text, end)) < len(text):
            self._fail(text, end, "there is more text after the end of the JSON object", shift=shift)
        if isinstance(document, RepeatedKeys) and "data" in document.repeated:
            raise RawFileError(f'{self._source}: "data" stands more than once; expected one list "data".')
        self.take(len(self.buffer), after_record=False)
        self._finished = True

    def _text(self, raw: bytes, *, whole: bool) -> str:
        """Decode UTF-8; a character that is cut at the end is left out unless `whole`."""
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            if not whole and error.reason == "unexpected end of data":
                return raw[: error.start].decode("utf-8")
            at = self._n_taken + error.start
            raise RawFileError(
                f"{self._source}: byte {at}: not valid UTF-8 ({error.reason}); expected UTF-8."
            ) from None

    def _fail(self, text: str, position: int, what: str, expected: str = _EXPECTED, *, shift: int = 0) -> NoReturn:
        """Raise with the byte offset of a position in `text`, which begins where the buffer does."""
        offset = self._n_taken + shift + len(text[:position].encode("utf-8", "surrogatepass"))
        # a string without an end goes on to the end of the file
        is_cut = self.ended and (position >= len(text.rstrip()) or "Unterminated string" in what)
        raise RawFileError(
            f"{self._source}: byte {offset}: {what}; {expected}.{' The file seems to be cut short.' if is_cut else ''}"
        )


class ListItems:
    """Iterate over the records of a JSON list's inside, as far as they are whole.

    Parameters
    ----------
    text
        From behind the list's bracket or a record; may end anywhere.
    after_record
        It begins behind a record.

    Attributes
    ----------
    position
        Behind the last whole record, or the end of the list.
    after_record, at_end
        What was passed last: a record, or the end of the list.
    is_wrong
        What stands at `position` cannot be right, whatever follows.
    done
        The records so far.
    """

    def __init__(self, text: str, *, after_record: bool) -> None:
        self._text = text
        self.position, self.after_record, self.at_end, self.is_wrong = 0, after_record, False, False
        self.done: list[Decoded] = []

    def __iter__(self) -> Iterator[Decoded]:
        """Yield each record; raise `ValueError` or `RecursionError` where there is no whole one."""
        text = self._text
        while (start := _skip_blank(text, self.position)) < len(text):
            if text[start] == "]":
                self.position, self.at_end = start + 1, True
                return
            if self.after_record:
                if text[start] != ",":
                    self.is_wrong = True
                    raise json.JSONDecodeError("Expecting ',' delimiter", text, start)
                start = _skip_blank(text, start + 1)
                if start == len(text):
                    return
                self.is_wrong = text[start] == "]"
            value, end = _DECODER.raw_decode(text, start)
            if end == len(text) and not isinstance(value, dict | list | str):
                return  # a number may go on
            self.position, self.after_record = end, True
            self.done.append(Decoded(value, text[start:end][:LONGEST_QUOTE]))
            yield self.done[-1]


class LineError(ValueError):
    """A line that is no record; names its number and what was expected."""


def decode_lines(text: str, *, n_before: int = 0) -> list[Decoded]:
    """Decode JSON Lines, all of them whole; `n_before` lines of the file come before them.

    Raises
    ------
    LineError
        A line is not valid JSON, or holds more than a record.
    """
    decoded = []
    for number, line in enumerate(text.split("\n"), start=n_before + 1):
        start = _skip_blank(line, 0)
        if start == len(line):
            continue
        try:
            value, end = _DECODER.raw_decode(line, start)
        except (ValueError, RecursionError) as error:
            raise LineError(f"line {number}: {_reason(error)}; {_EXPECTED}.") from None
        if _skip_blank(line, end) < len(line):
            raise LineError(f"line {number}: more text after the record; expected one record a line.")
        decoded.append(Decoded(value, line[start:end][:LONGEST_QUOTE]))
    return decoded


def first_records(head: bytes, *, n: int = 5) -> list[Any]:
    """Return up to `n` records from the beginning of a raw file, as a preview.

    Parameters
    ----------
    head
        The first bytes of the file; may end anywhere.
    n
        How many records to return at most.

    Returns
    -------
    list
        Decoded records; fewer, or none, where `head` is too short or the file is broken. `RawFile` says why.

    Examples
    --------
    >>> first_records(b'{"data": [{"power": "on"}, {"power":')
    [{'power': 'on'}]
    """
    try:
        plain = zlib.decompressobj(wbits=31).decompress(head) if head.startswith(_GZIP_MAGIC) else head
        text = plain.removeprefix(_BOM).decode("utf-8", errors="ignore")
        form, position = _form(text, is_whole=False)
    except (zlib.error, RawFileError, _NeedsMoreError):
        return []
    records: list[Any] = []
    while len(records) < n:
        try:
            record, position = _DECODER.raw_decode(text, _skip_blank(text, position))
        except (ValueError, RecursionError):
            break
        records.append(record)
        position = _skip_blank(text, position)
        position += form == "document" and text[position : position + 1] == ","
    return records


class _NeedsMoreError(Exception):
    """The head of a file is not whole yet; if there is no more, this is what is wrong with it."""

    def __init__(self, position: int, reason: str, expected: str = _EXPECTED) -> None:
        super().__init__(reason)
        self.position, self.reason, self.expected = position, reason, expected


def _form(text: str, *, is_whole: bool) -> tuple[Form, int]:
    """Tell the form of a file from its beginning, and where its first record, or the inside of its list, begins."""
    start = _skip_blank(text, 0)
    if start == len(text) and not is_whole:
        raise _NeedsMoreError(start, "the file begins with nothing but blanks")
    if start == len(text):
        raise RawFileError(f"the file is empty; {_EXPECTED}.")
    if text[start] != "{":
        value = [] if text[start] == "[" else _value(text, start, is_whole=is_whole)[0]
        raise RawFileError(f"the file starts with a {json_type(value)}; {_EXPECTED}.")
    names: list[str] = []
    position = start
    for name, position in _members(text, start, is_whole=is_whole):
        if name == "data":
            if text[position : position + 1] == "[":
                return "document", position + 1
            value, _end = _value(text, position, is_whole=is_whole)
            raise RawFileError(f'"data" is a {json_type(value)}; expected a list of records.')
        names += [name] if name is not None else []
    # an object without "data" is the first of several lines, or no raw file
    if "device_id" in names or _skip_blank(text, position) < len(text):
        return "lines", 0
    if not is_whole:
        raise _NeedsMoreError(position, 'the object has no "data"')
    keys = ", ".join(f"{key!r:.40}" for key in names[:5]) or "none"
    raise RawFileError(f'the object has no "data" (its keys: {keys}); {_EXPECTED}.')


def _members(text: str, start: int, *, is_whole: bool) -> Iterator[tuple[str | None, int]]:
    """Yield the name of each member of a JSON object and where its value begins; None, and where the object ends."""
    position, separator = _skip_blank(text, start + 1), ","
    if text[position : position + 1] == "}":
        separator = "}"
        position += 1
    while separator != "}":
        position = _skip_blank(text, position)
        if text[position : position + 1] != '"':
            raise _NeedsMoreError(position, "not valid JSON (Expecting property name enclosed in double quotes)")
        name, position = _value(text, position, is_whole=is_whole)
        position = _skip_blank(text, position)
        if text[position : position + 1] != ":":
            raise _NeedsMoreError(position, "not valid JSON (Expecting ':' delimiter)")
        position = _skip_blank(text, position + 1)
        yield name, position
        _any, position = _value(text, position, is_whole=is_whole)
        position = _skip_blank(text, position)
        separator = text[position : position + 1]
        if separator not in {",", "}"}:
            raise _NeedsMoreError(position, "not valid JSON (Expecting ',' delimiter)")
        position += 1
    yield None, position


def _value(text: str, position: int, *, is_whole: bool) -> tuple[Any, int]:
    try:
        value, end = _DECODER.raw_decode(text, position)
    except (ValueError, RecursionError) as error:
        raise _NeedsMoreError(getattr(error, "pos", position), _reason(error)) from None
    if end == len(text) and not is_whole:
        raise _NeedsMoreError(end, "not valid JSON (Expecting ',' delimiter)")
    return value, end


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    decoded = dict(pairs)
    if len(decoded) == len(pairs):
        return decoded
    repeated = RepeatedKeys(decoded)
    seen: set[str] = set()
    repeated.repeated = [key for key, _ in pairs if key in seen or seen.add(key)]  # type: ignore[func-returns-value]
    return repeated


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_refuse_constant)


def _plain(blocks: Iterator[bytes], source: str, piece_bytes: int) -> Iterator[bytes]:
    """Yield the bytes of a file, unpacked if it is gzip."""
    head = b""
    for block in blocks:
        head += block
        if len(head) >= len(_GZIP_MAGIC):
            break
    whole = itertools.chain([head] if head else [], blocks)
    return _unpacked(whole, source, piece_bytes) if head.startswith(_GZIP_MAGIC) else whole


def _unpacked(blocks: Iterable[bytes], source: str, piece_bytes: int) -> Iterator[bytes]:
    """Yield the content of gzip data of one member or several, however much that is, a piece at a time."""
    unpacker = zlib.decompressobj(wbits=31)
    for block in blocks:
        packed = block
        while packed:
            if unpacker.eof:
                packed = packed.lstrip(b"\0")  # padding, as gzip itself allows
                if not packed:
                    break
                unpacker = zlib.decompressobj(wbits=31)
            try:
                plain = unpacker.decompress(packed, piece_bytes)
            except zlib.error as error:
                raise RawFileError(f"{source}: {_DAMAGED} ({error}). Upload it again.") from None
            if plain:
                yield plain
            packed = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
    if not unpacker.eof:
        raise RawFileError(f"{source}: {_DAMAGED} (no end of the compressed data). Upload it again.")


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "the JSON is nested too deeply"
    return f"not valid JSON ({error.msg if isinstance(error, json.JSONDecodeError) else str(error)[:100]})"


def _skip_blank(text: str, position: int) -> int:
    match = _BLANK.match(text, position)
    return match.end() if match else position
