"""Check the records of a raw file against the contract, piece by piece.

Three parsers apply the same contract. A parser that is not certain returns None; the next one then decides.

1. `etl.join.columnar_parser`: records of one layout, a column at a time, in numpy.
2. msgspec: decodes a whole piece straight into `etl.contract.record.Event`.
3. Python's JSON decoder: record by record, with the contract's reason for each record that breaks it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from operator import attrgetter

import msgspec
import numpy as np
import pyarrow as pa

from etl.contract.columns import EVENT_COLUMNS
from etl.contract.quarantine import Quarantined
from etl.contract.record import Event, TimeBounds, first_fault, time_bounds
from etl.join.columnar_parser import ColumnarParser, ParsedRecords
from etl.raw.json_records import DecodedRecord, ListItems, decode_lines
from etl.raw.raw_file import PIECE_BYTES, RawFile

_MIN_PIECE_BYTES = 1 << 16
_QUOTES_A_RECORD = 4 * len(EVENT_COLUMNS)  # around keys and values
_COMMA = re.compile(rb"[ \t\r\n]*,")
_EVENTS = msgspec.json.Decoder(list[Event])


@dataclass(frozen=True)
class CheckedRecords:
    """Some records of a file, divided; ``len(events) + len(quarantined) == n_read``.

    Attributes
    ----------
    n_read
        Number of records.
    events
        One row per valid record, in file order, with the columns of an event as large strings.
    quarantined
        The records that break the contract, in file order.
    extra_fields
        Names of fields that the contract does not know (schema drift); they are dropped.
    """

    n_read: int
    events: pa.Table
    quarantined: list[Quarantined] = field(default_factory=list)
    extra_fields: frozenset[str] = frozenset()


def read_events(
    blocks: Iterable[bytes], *, source: str, run_date: str, piece_bytes: int = PIECE_BYTES
) -> Iterator[CheckedRecords]:
    r"""Divide the records of a raw file into events and quarantine, a piece at a time.

    Parameters
    ----------
    blocks
        The file's bytes, in blocks of any size; plain or gzip.
    source
        Its name, for error messages.
    run_date
        ``YYYY-MM-DD``; bounds the timestamps.
    piece_bytes
        How much of the file to hold in memory at a time.

    Yields
    ------
    CheckedRecords
        Pieces in file order; every record is in exactly one of ``events`` and ``quarantined`` of exactly one piece.

    Raises
    ------
    RawFileError
        The file is not what the contract allows; names the byte or the line. Discard the pieces before it then.

    Examples
    --------
    >>> raw = b'{"data": [{"device_id": "a", "timestamp": 1616506124, "power": "on"}, {"device_id": "a"}]}'
    >>> (piece,) = read_events([raw], source="a.json", run_date="2021-03-23")
    >>> piece.events.to_pylist()
    [{'device_id': 'a', 'timestamp': '1616506124', 'power': 'on'}]
    >>> piece.quarantined[0].reason
    'missing; expected Unix seconds as a string of 1 to 10 ASCII digits, or such an integer'
    """
    raw = RawFile(blocks, source=source, piece_bytes=piece_bytes)
    bounds = time_bounds(run_date)
    parser = ColumnarParser(raw.form, bounds)
    n_read = 0
    while not raw.finished:
        piece = _parse_columns(raw, parser, bounds, n_read) or _decode_typed(raw, bounds)
        if piece is None:
            decoded = raw.decode_records()
            piece, _indexes = _check(decoded, range(len(decoded)), bounds, n_read)
        n_read += piece.n_read
        if piece.n_read:
            yield piece
        if not raw.finished:
            raw.refill()


def _parse_columns(raw: RawFile, parser: ColumnarParser, bounds: TimeBounds, n_before: int) -> CheckedRecords | None:
    """Parse records of one layout, and check those between them one by one."""
    parsed = parser.parse(raw.buffer, after_record=raw.after_record)
    if parsed is None:
        return None
    unparsed = [_decode_span(raw, begin, end) for _position, begin, end in parsed.unparsed]
    if not all(unparsed):
        return None  # a cut lay within a record: no span is certain
    raw.consume(parsed.n_bytes, after_record=True)
    # the rest of the file, most often its last record, is no piece of its own
    is_end = raw.at_eof and not raw.finished and len(raw.buffer) < _MIN_PIECE_BYTES
    rest = raw.decode_records() if is_end else []
    if not unparsed and not rest:
        return CheckedRecords(parsed.n_spans, parsed.events)
    return _in_file_order(parsed, [*unparsed, rest], bounds, n_before)


def _decode_span(raw: RawFile, begin: int, end: int) -> list[DecodedRecord]:
    """Return the records that a span of the buffer consists of; none if it has anything else."""
    try:
        text = raw.buffer[begin:end].decode()
        if raw.form == "lines":
            return decode_lines(text)
        items = ListItems(text, after_record=False)
        decoded = list(items)
    except (ValueError, RecursionError):
        return []
    return decoded if items.after_record and items.position == len(text) else []


def _in_file_order(
    parsed: ParsedRecords, unparsed: list[list[DecodedRecord]], bounds: TimeBounds, n_before: int
) -> CheckedRecords:
    """Merge the parsed records with the records of each unparsed span, the last of which lies behind all spans."""
    spans = [*(position for position, *_ in parsed.unparsed), parsed.n_spans]
    n_records = np.ones(parsed.n_spans + 1, np.int64)
    n_records[spans] = [len(decoded) for decoded in unparsed]
    first_index = np.cumsum(n_records) - n_records
    begins = first_index[spans].tolist()
    indexes = [begin + nth for begin, decoded in zip(begins, unparsed, strict=True) for nth in range(len(decoded))]
    # all of them at once: a table of Arrow costs more than a record
    checked, checked_index = _check(list(chain.from_iterable(unparsed)), indexes, bounds, n_before)
    events, index = parsed.events, first_index[parsed.positions]
    if checked_index:
        events = pa.concat_tables([events, checked.events]).combine_chunks()
        index = np.concatenate([index, checked_index])
    if (index[1:] < index[:-1]).any():
        events = events.take(pa.array(np.argsort(index, kind="stable")))
    return replace(checked, n_read=int(n_records.sum()), events=events)


def _decode_typed(raw: RawFile, bounds: TimeBounds) -> CheckedRecords | None:
    """Decode the buffer into events at once, if all its records are valid and have no repeated key."""
    end = raw.buffer.rfind(b"}") + 1
    if raw.form == "lines":
        end = len(raw.buffer) if raw.at_eof else raw.buffer.rfind(b"\n") + 1
    text = raw.buffer[:end]
    if b"\\" in text or not end:
        return None
    if raw.form == "lines":
        # a line feed within a string stays one, so that msgspec refuses it
        items = text.strip().replace(b"\n", b",\n")
    else:
        comma = _COMMA.match(text) if raw.after_record else None
        if raw.after_record and not comma:
            return None
        items = text[comma.end() :] if comma else text
    try:
        events = _EVENTS.decode(b"[" + items + b"]")
    except (ValueError, RecursionError):
        return None
    n_numbers = sum(type(event.timestamp) is int for event in events)
    # every record has each key at least once, so a repeated key shows as more quotes
    if text.count(b'"') != _QUOTES_A_RECORD * len(events) - 2 * n_numbers:
        return None
    if not events or not all(bounds.contain(event.timestamp) for event in events):
        return None
    raw.consume(end, after_record=raw.form == "document")
    return CheckedRecords(len(events), _table([map(str, map(attrgetter(name), events)) for name in EVENT_COLUMNS]))


def _check(
    decoded: Sequence[DecodedRecord], indexes: Iterable[int], bounds: TimeBounds, n_before: int
) -> tuple[CheckedRecords, list[int]]:
    """Check each record, and return the indexes of the valid ones too; `n_before` records of the file come first."""
    rows: list[list[str]] = []
    valid: list[int] = []
    quarantined: list[Quarantined] = []
    extra_fields: set[str] = set()
    for index, record in zip(indexes, decoded, strict=True):
        fault = first_fault(record.value, bounds)
        if fault:
            quarantined.append(Quarantined(n_before + index, *fault, text=record.text))
            continue
        valid.append(index)
        rows.append([str(record.value[name]) for name in EVENT_COLUMNS])
        if len(record.value) > len(EVENT_COLUMNS):
            extra_fields.update(record.value.keys() - EVENT_COLUMNS)
    events = _table(zip(*rows, strict=True) if rows else [()] * len(EVENT_COLUMNS))
    return CheckedRecords(len(decoded), events, quarantined, frozenset(extra_fields)), valid


def _table(columns: Iterable[Iterable[str]]) -> pa.Table:
    return pa.table([pa.array(list(column), pa.large_string()) for column in columns], names=EVENT_COLUMNS)
