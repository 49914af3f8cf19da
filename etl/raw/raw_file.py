"""Read a raw file in pieces: bytes in, decoded JSON values out, or an error that names the place.

A raw file is one JSON object with a list ``data``, or JSON Lines; UTF-8 with or without BOM; plain or gzip. Memory
holds one piece of it at a time.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Any, NoReturn

from etl.contract.record import RepeatedKeys
from etl.errors import RawFileError
from etl.raw.file_form import Form, NeedsMoreError, form_of
from etl.raw.gzip_blocks import GZIP_MAGIC, unpacked_if_gzip
from etl.raw.json_records import DECODER, EXPECTED, Decoded, LineError, ListItems, decode_lines, reason_of, skip_blank

PIECE_BYTES = 8 << 20
# What surrounds the list, and a single record, are read whole
LONGEST_WHOLE_BYTES = 64 << 20

_BOM = b"\xef\xbb\xbf"
_NO_OTHER_BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


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
        self._blocks = unpacked_if_gzip(iter(blocks), source, piece_bytes)
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
                    self._fail(text, getattr(error, "pos", items.position), reason_of(error))
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
                form, position = form_of(text, is_whole=self.ended)
            except NeedsMoreError as needs:
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
            document, end = DECODER.raw_decode(text, skip_blank(text, 0))
        except (ValueError, RecursionError) as error:
            self._fail(text, getattr(error, "pos", len(text)), reason_of(error), shift=shift)
        if (end := skip_blank(text, end)) < len(text):
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

    def _fail(self, text: str, position: int, what: str, expected: str = EXPECTED, *, shift: int = 0) -> NoReturn:
        """Raise with the byte offset of a position in `text`, which begins where the buffer does."""
        offset = self._n_taken + shift + len(text[:position].encode("utf-8", "surrogatepass"))
        # a string without an end goes on to the end of the file
        is_cut = self.ended and (position >= len(text.rstrip()) or "Unterminated string" in what)
        raise RawFileError(
            f"{self._source}: byte {offset}: {what}; {expected}.{' The file seems to be cut short.' if is_cut else ''}"
        )


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
        plain = zlib.decompressobj(wbits=31).decompress(head) if head.startswith(GZIP_MAGIC) else head
        text = plain.removeprefix(_BOM).decode("utf-8", errors="ignore")
        form, position = form_of(text, is_whole=False)
    except (zlib.error, RawFileError, NeedsMoreError):
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
