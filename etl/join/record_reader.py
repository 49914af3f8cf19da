"""Hold the records of a raw file to the contract, piece by piece.

There are three ways to read, each for what the one before leaves. All three apply the same contract: a way that
cannot tell for certain that a record keeps it says nothing, and the last way decides.

1. `etl.join.columnar_parser`: records that all look alike, a column at a time, in numpy.
2. msgspec decodes a whole piece straight into `etl.contract.record.Event`.
3. Python's own JSON decoder takes record by record, and the contract gives its reason for each that breaks it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import msgspec
import numpy as np
import pyarrow as pa

from etl.contract.record import EVENT_COLUMNS, Bounds, Event, Quarantined, extra_fields_of, first_fault, time_bounds
from etl.join.columnar_parser import Alike, AlikeReader
from etl.raw.json_records import Decoded, ListItems, decode_lines
from etl.raw.raw_file import PIECE_BYTES, RawFile

_SHORT_BYTES = 1 << 16
_QUOTES_OF_A_RECORD = 12  # of three keys and three values
_COMMA = re.compile(rb"[ \t\r\n]*,")
_LIST = msgspec.json.Decoder(list[Event])
_SCHEMA = pa.schema([(name, pa.large_string()) for name in EVENT_COLUMNS])


@dataclass(frozen=True)
class CheckedRecords:
    """What became of some records; ``len(events) + len(quarantined) == n_read``.

    Attributes
    ----------
    n_read
        Number of records.
    events
        One row per valid record, in file order: ``device_id``, ``timestamp`` (Unix seconds, as written), ``power``;
        large strings.
    quarantined
        The others, in file order.
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
        The file's bytes, in blocks of any size.
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
        The file is not what the contract allows; names the byte or the line. What was yielded before is then void.

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
    alike = AlikeReader(raw.form, bounds)
    n_read = 0
    while not raw.finished:
        piece = _alike(raw, alike, bounds, n_read) or _typed(raw, bounds) or _judged(raw.one_by_one(), bounds, n_read)
        n_read += piece.n_read
        if piece.n_read:
            yield piece
        if not raw.finished:
            raw.read_on()


def _alike(raw: RawFile, reader: AlikeReader, bounds: Bounds, n_before: int) -> CheckedRecords | None:
    """Read records that look alike; the others among them are judged one by one."""
    alike = reader.read(raw.buffer, after_record=raw.after_record)
    if alike is None:
        return None
    others = [_whole(raw, begin, end) for _place, begin, end in alike.others]
    if not all(others):
        return None  # a cut lay within a record: nothing of what was read is certain
    raw.take(alike.n_bytes, after_record=True)
    # what is left of the file, most often its last record, is no piece of its own
    is_end = raw.ended and not raw.finished and len(raw.buffer) < _SHORT_BYTES
    rest = raw.one_by_one() if is_end else []
    if not others and not rest:
        return CheckedRecords(alike.n_stretches, alike.events)
    return _merged(alike, [*(decoded for decoded in others if decoded), rest], bounds, n_before)


def _whole(raw: RawFile, begin: int, end: int) -> list[Decoded] | None:
    """Return the records that a stretch of the buffer consists of, or None if it does not consist of records."""
    try:
        text = raw.buffer[begin:end].decode()
        if raw.form == "lines":
            return decode_lines(text)
        items = ListItems(text, after_record=False)
        found = list(items)
    except (ValueError, RecursionError):
        return None
    return found if items.after_record and items.position == len(text) else None


def _merged(alike: Alike, others: list[list[Decoded]], bounds: Bounds, n_before: int) -> CheckedRecords:
    """Put all records into file order: those read together, and the others, of which the last are behind them all."""
    places_of_others = [*(place for place, *_ in alike.others), alike.n_stretches]
    n_records = np.ones(alike.n_stretches + 1, np.int64)
    n_records[places_of_others] = [len(decoded) for decoded in others]
    first_index = np.cumsum(n_records) - n_records
    begins = first_index[places_of_others].tolist()
    in_order = [begin + nth for begin, decoded in zip(begins, others, strict=True) for nth in range(len(decoded))]
    # all of them at once: a table of Arrow costs more than a record
    judged = _judge([one for decoded in others for one in decoded], in_order, bounds, n_before)
    events, index = alike.events, first_index[alike.places]
    if judged.events.num_rows:
        events = pa.concat_tables([events, judged.events]).combine_chunks()
        index = np.concatenate([index, judged.places])
    if (index[1:] < index[:-1]).any():
        events = events.take(pa.array(np.argsort(index, kind="stable")))
    return CheckedRecords(int(n_records.sum()), events, judged.quarantined, judged.extra_fields)


def _typed(raw: RawFile, bounds: Bounds) -> CheckedRecords | None:
    """Decode the buffer into events at once, if every record in it is one and it has no repeated key."""
    end = raw.buffer.rfind(b"}") + 1
    if raw.form == "lines":
        end = len(raw.buffer) if raw.ended else raw.buffer.rfind(b"\n") + 1
    text = raw.buffer[:end]
    if b"\\" in text or not end:
        return None
    if raw.form == "lines":
        # a raw line feed stays one, so that within a string it is refused
        inside = text.strip().replace(b"\n", b",\n")
    else:
        comma = _COMMA.match(text) if raw.after_record else None
        if raw.after_record and not comma:
            return None
        inside = text[comma.end() :] if comma else text
    try:
        events = _LIST.decode(b"[" + inside + b"]")
    except (ValueError, RecursionError):
        return None
    timestamps = [event.timestamp for event in events]
    n_numbers = sum(type(timestamp) is int for timestamp in timestamps)
    # every record has each key at least once, so a key more would show as quotes more
    if text.count(b'"') != _QUOTES_OF_A_RECORD * len(events) - 2 * n_numbers:
        return None
    if not events or not all(map(bounds.hold, timestamps)):
        return None
    raw.take(end, after_record=raw.form == "document")
    columns = [[e.device_id for e in events], list(map(str, timestamps)), [e.power for e in events]]
    table = pa.table([pa.array(column, pa.large_string()) for column in columns], schema=_SCHEMA)
    return CheckedRecords(len(events), table)


@dataclass(frozen=True)
class _Judged:
    events: pa.Table
    places: list[int]
    quarantined: list[Quarantined]
    extra_fields: frozenset[str]


def _judged(decoded: list[Decoded], bounds: Bounds, n_before: int) -> CheckedRecords:
    judged = _judge(decoded, range(len(decoded)), bounds, n_before)
    return CheckedRecords(len(decoded), judged.events, judged.quarantined, judged.extra_fields)


def _judge(decoded: list[Decoded], in_order: Iterable[int], bounds: Bounds, n_before: int) -> _Judged:
    """Ask the contract about each record, by its place in the piece; `n_before` records of the file come before it."""
    rows: list[tuple[str, str, str]] = []
    places: list[int] = []
    quarantined: list[Quarantined] = []
    extra_fields: set[str] = set()
    for place, one in zip(in_order, decoded, strict=True):
        record, text = one.value, one.text
        fault = first_fault(record, bounds)
        if fault:
            quarantined.append(Quarantined(n_before + place, *fault, text=text))
            continue
        places.append(place)
        rows.append((record["device_id"], str(record["timestamp"]), record["power"]))
        if len(record) > len(EVENT_COLUMNS):
            extra_fields.update(extra_fields_of(record))
    columns = zip(*rows, strict=True) if rows else [()] * len(EVENT_COLUMNS)
    table = pa.table([pa.array(column, pa.large_string()) for column in columns], schema=_SCHEMA)
    return _Judged(table, places, quarantined, frozenset(extra_fields))
