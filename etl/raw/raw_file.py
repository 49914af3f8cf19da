"""Read a raw file in pieces: bytes in, decoded JSON values out, or an error that names the byte or the line.

A raw file is one JSON object with a list ``data``, or JSON Lines; UTF-8 with or without BOM; plain or gzip. Only one
piece of it is in memory at a time.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Any, NoReturn

from etl.contract.record import RepeatedKeys
from etl.errors import RawFileError
from etl.raw.file_form import Form, IncompleteHeadError, form_of
from etl.raw.gzip_blocks import GZIP_MAGIC, unpacked_if_gzip
from etl.raw.json_records import (
    DECODER,
    EXPECTED,
    DecodedRecord,
    LineError,
    ListItems,
    decode_lines,
    reason_of,
    skip_blank,
)

PIECE_BYTES = 8 << 20
# What surrounds the list, and a single record, are read at once up to this size
MAX_UNDIVIDED_BYTES = 64 << 20

_BOM = b"\xef\xbb\xbf"
_OTHER_BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


class RawFile:
    """A raw file that is read piece by piece, through a buffer of its bytes.

    The caller parses complete records at the beginning of `buffer` and removes them with `consume`, or has them decoded
    by `decode_records`; `refill` reads more.

    Parameters
    ----------
    blocks
        The file's bytes, in blocks of any size.
    source
        Its name, for error messages.
    piece_bytes
        How much to buffer at a time.

    Attributes
    ----------
    form
        One document with a list ``data``, or JSON Lines.
    buffer
        Plain bytes that were read and not yet consumed.
    after_record
        The last consumed byte ended a record, so that a document must go on with a comma or the end of its list.
    at_eof
        The file's last byte was read.

    Raises
    ------
    RawFileError
        From each method: the file is empty, truncated, not UTF-8, not JSON or of another shape.
    """

    def __init__(self, blocks: Iterable[bytes], *, source: str, piece_bytes: int = PIECE_BYTES) -> None:
        self._blocks = unpacked_if_gzip(iter(blocks), source, piece_bytes)
        self._source, self._piece_bytes = source, piece_bytes
        self.buffer, self.at_eof, self.after_record = b"", False, False
        self._n_consumed, self._n_lines, self._finished = 0, 0, False
        self._head = ""
        self.form: Form = "document"
        self.form = self._find_records()

    @property
    def finished(self) -> bool:
        """Tell whether every record was consumed, and the end of the file is valid."""
        if self.form == "lines" and self.at_eof and not self.buffer.strip():
            self._finished = True
        return self._finished

    def refill(self) -> None:
        """Read until the buffer has a piece, and at least twice what it had, or the file ends."""
        wanted = max(self._piece_bytes, 2 * len(self.buffer), 4)
        parts, n_bytes = [self.buffer], len(self.buffer)
        while n_bytes < wanted and not self.at_eof:
            block = next(self._blocks, None)
            if block is None:
                self.at_eof = True
            else:
                parts.append(block)
                n_bytes += len(block)
        self.buffer = b"".join(parts)

    def consume(self, n_bytes: int, *, after_record: bool) -> None:
        """Remove complete records from the buffer; `after_record` becomes the attribute of that name."""
        self._n_lines += self.buffer.count(b"\n", 0, n_bytes) if self.form == "lines" else 0
        self._n_consumed += n_bytes
        self.buffer, self.after_record = self.buffer[n_bytes:], after_record

    def decode_records(self) -> list[DecodedRecord]:
        """Decode and consume the buffer's complete records, one by one, with Python's strict JSON decoder."""
        decoded = self._decode_lines() if self.form == "lines" else self._decode_items()
        if not decoded and not self._finished and not self.at_eof:
            self._require_divisible("a record")
        return decoded

    def _decode_lines(self) -> list[DecodedRecord]:
        n_bytes = len(self.buffer) if self.at_eof else self.buffer.rfind(b"\n") + 1
        try:
            decoded = decode_lines(self._text(self.buffer[:n_bytes], whole=True), n_before=self._n_lines)
        except LineError as error:
            raise RawFileError(f"{self._source}: {error}") from None
        self.consume(n_bytes, after_record=False)
        return decoded

    def _decode_items(self) -> list[DecodedRecord]:
        text = self._text(self.buffer, whole=self.at_eof)
        items = ListItems(text, after_record=self.after_record)
        try:
            decoded = list(items)
        except (ValueError, RecursionError) as error:
            # an error at the end may be a record that goes on in the next block
            if self.at_eof or items.is_wrong or len(self.buffer) > MAX_UNDIVIDED_BYTES:
                self._fail(text, getattr(error, "pos", items.position), reason_of(error))
            decoded = items.done
        self.consume(len(text[: items.position].encode()), after_record=items.after_record)
        if items.at_end:
            self._check_tail()
        elif self.at_eof:
            text = self._text(self.buffer, whole=True)
            self._fail(text, len(text), 'not valid JSON (the list "data" has no end)')
        return decoded

    def _find_records(self) -> Form:
        """Read up to the first record, and return the file's form."""
        while True:
            self.refill()
            if not self._n_consumed:
                self._skip_bom()
            text = self._text(self.buffer, whole=self.at_eof)
            may_grow = not self.at_eof and len(self.buffer) <= MAX_UNDIVIDED_BYTES
            try:
                form, position = form_of(text, is_whole=self.at_eof)
            except IncompleteHeadError as incomplete:
                if may_grow:
                    continue
                self._fail(text, incomplete.position, incomplete.reason, incomplete.expected)
            except RawFileError as error:
                raise RawFileError(f"{self._source}: {error}") from None
            if form == "document":
                self._head = text[:position]
                self.consume(len(self._head.encode()), after_record=False)
            return form

    def _skip_bom(self) -> None:
        for mark, encoding in _OTHER_BOMS.items():
            if self.buffer.startswith(mark):
                raise RawFileError(f"{self._source}: byte 0: the file is encoded in {encoding}; expected UTF-8.")
        if self.buffer.startswith(_BOM):
            self._n_consumed += len(_BOM)
            self.buffer = self.buffer[len(_BOM) :]

    def _check_tail(self) -> None:
        """Read the text behind the list, and check that it completes the document."""
        while not self.at_eof:
            self.refill()
            self._require_divisible('what follows "data"')
        tail = self._text(self.buffer, whole=True)
        before = f"{self._head}]"  # the list without its records
        text, shift = before + tail, -len(before.encode())
        try:
            document, end = DECODER.raw_decode(text, skip_blank(text, 0))
        except (ValueError, RecursionError) as error:
            self._fail(text, getattr(error, "pos", len(text)), reason_of(error), shift=shift)
        if (end := skip_blank(text, end)) < len(text):
            self._fail(text, end, "there is more text after the end of the JSON object", shift=shift)
        if isinstance(document, RepeatedKeys) and "data" in document.repeated:
            raise RawFileError(f'{self._source}: "data" stands more than once; expected one list "data".')
        self.consume(len(self.buffer), after_record=False)
        self._finished = True

    def _require_divisible(self, part: str) -> None:
        if len(self.buffer) > MAX_UNDIVIDED_BYTES:
            self._fail("", 0, f"{part} is longer than {MAX_UNDIVIDED_BYTES >> 20} MiB")

    def _text(self, raw: bytes, *, whole: bool) -> str:
        """Decode UTF-8; a character that is cut at the end is left out unless `whole`."""
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            if not whole and error.reason == "unexpected end of data":
                return raw[: error.start].decode("utf-8")
            offset = self._n_consumed + error.start
            raise RawFileError(
                f"{self._source}: byte {offset}: not valid UTF-8 ({error.reason}); expected UTF-8."
            ) from None

    def _fail(self, text: str, position: int, what: str, expected: str = EXPECTED, *, shift: int = 0) -> NoReturn:
        """Raise with the byte offset of a position in `text`, which begins `shift` bytes from the buffer's."""
        offset = self._n_consumed + shift + len(text[:position].encode("utf-8", "surrogatepass"))
        # a string without an end goes on to the end of the file
        is_cut = self.at_eof and (position >= len(text.rstrip()) or "Unterminated string" in what)
        raise RawFileError(
            f"{self._source}: byte {offset}: {what}; {expected}.{' The file seems to be cut short.' if is_cut else ''}"
        )


def first_records(head: bytes, *, n: int = 5) -> list[Any]:
    """Return a preview of at most `n` decoded records from a raw file's first bytes; none from a broken file.

    Examples
    --------
    >>> first_records(b'{"data": [{"power": "on"}, {"power":')
    [{'power': 'on'}]
    """
    try:
        plain = zlib.decompressobj(wbits=31).decompress(head) if head.startswith(GZIP_MAGIC) else head
        text = plain.removeprefix(_BOM).decode("utf-8", errors="ignore")
        form, position = form_of(text, is_whole=False)
    except (zlib.error, RawFileError, IncompleteHeadError):
        return []
    records: list[Any] = []
    while len(records) < n:
        try:
            record, position = DECODER.raw_decode(text, skip_blank(text, position))
        except (ValueError, RecursionError):
            break
        records.append(record)
        position = skip_blank(text, position)
        position += form == "document" and text[position : position + 1] == ","
    return records
