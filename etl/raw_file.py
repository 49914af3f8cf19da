"""Decode a raw file: bytes in, one decoded JSON value per record out, or an error that names the place.

A raw file is one JSON object with a list ``data``, or JSON Lines; UTF-8 with or without BOM; plain or gzip.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from typing import Any, NoReturn

from etl.errors import RawFileError

_GZIP_MAGIC = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_NO_OTHER_BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_BLANK = re.compile(r"[ \t\r\n]*")
_EXPECTED = 'expected one JSON object with a list "data", or JSON Lines'


class RepeatedKeys(dict[str, Any]):
    """A JSON object with keys that stand more than once; ``repeated`` names them. JSON would keep the last silently."""

    repeated: list[str]


def read_records(raw: bytes, *, source: str) -> list[Any]:
    r"""Return the records of a raw file, in file order.

    Parameters
    ----------
    raw
        The whole file.
    source
        Its name, for error messages.

    Returns
    -------
    list
        One decoded JSON value per record; whether it is a valid *event* is for the contract to say. Objects with a
        repeated key are `RepeatedKeys`.

    Raises
    ------
    RawFileError
        Empty, truncated, not UTF-8, not JSON, another shape, or text after the end; names byte offset or line.

    Examples
    --------
    >>> read_records(b'{"data": [{"power": "on"}]}', source="a.json")
    [{'power': 'on'}]
    >>> read_records(b'{"power": "on"}\n{"power": "off"}\n', source="a.jsonl")
    [{'power': 'on'}, {'power': 'off'}]
    >>> read_records(b'{"data": 5}', source="a.json")
    Traceback (most recent call last):
    etl.errors.RawFileError: a.json: "data" is a number; expected a list of records.
    """
    text = _decode(raw, source)
    start = _skip_blank(text, 0)
    if start == len(text):
        raise RawFileError(f"{source}: the file is empty; {_EXPECTED}.")
    first, end = _parse(text, start, source)
    end = _skip_blank(text, end)
    if not isinstance(first, dict):
        raise RawFileError(f"{source}: the file starts with a {_name(first)}; {_EXPECTED}.")
    if "data" not in first and (end < len(text) or "device_id" in first):
        return _read_lines(text, source)
    if end < len(text):
        _fail_at(text, end, source, "there is more text after the end of the JSON object", _EXPECTED)
    return _data_of(first, source)


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
        Decoded records; fewer, or none, where `head` is too short or the file is broken. `read_records` says why.
    """
    try:
        plain = zlib.decompressobj(wbits=31).decompress(head) if head.startswith(_GZIP_MAGIC) else head
        text = plain.removeprefix(_BOM).decode("utf-8", errors="ignore")
        position = _start_of_list(text)
    except (zlib.error, ValueError, IndexError):
        return []
    records: list[Any] = []
    while len(records) < n:
        try:
            record, position = _DECODER.raw_decode(text, _skip_blank(text, position))
        except (ValueError, RecursionError):
            break
        records.append(record)
        position = _skip_blank(text, position)
        position += text[position : position + 1] == ","
    return records


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


def _decode(raw: bytes, source: str) -> str:
    if raw.startswith(_GZIP_MAGIC):
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError, zlib.error) as error:
            raise RawFileError(f"{source}: the gzip data is damaged or cut short ({error}). Upload it again.") from None
    for mark, encoding in _NO_OTHER_BOMS.items():
        if raw.startswith(mark):
            raise RawFileError(f"{source}: byte 0: the file is encoded in {encoding}; expected UTF-8.")
    try:
        return raw.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        at = error.start + len(_BOM) * raw.startswith(_BOM)
        raise RawFileError(f"{source}: byte {at}: not valid UTF-8 ({error.reason}); expected UTF-8.") from None


def _parse(text: str, start: int, source: str) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, start)
    except json.JSONDecodeError as error:
        _fail_at(text, error.pos, source, f"not valid JSON ({error.msg})", _EXPECTED)
    except RecursionError:
        raise RawFileError(f"{source}: the JSON is nested too deeply; {_EXPECTED}.") from None
    except ValueError as error:
        raise RawFileError(f"{source}: not valid JSON ({str(error)[:100]}); {_EXPECTED}.") from None


def _read_lines(text: str, source: str) -> list[Any]:
    records = []
    for number, line in enumerate(text.split("\n"), start=1):
        start = _skip_blank(line, 0)
        if start == len(line):
            continue
        try:
            record, end = _DECODER.raw_decode(line, start)
        except (ValueError, RecursionError) as error:
            reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)[:100]
            raise RawFileError(f"{source}: line {number}: not valid JSON ({reason}); {_EXPECTED}.") from None
        if _skip_blank(line, end) < len(line):
            raise RawFileError(f"{source}: line {number}: more text after the record; expected one record a line.")
        records.append(record)
    return records


def _data_of(document: dict[str, Any], source: str) -> list[Any]:
    if isinstance(document, RepeatedKeys) and "data" in document.repeated:
        raise RawFileError(f'{source}: "data" stands more than once; expected one list "data".')
    if "data" not in document:
        keys = ", ".join(f"{key!r:.40}" for key in list(document)[:5]) or "none"
        raise RawFileError(f'{source}: the object has no "data" (its keys: {keys}); {_EXPECTED}.')
    data = document["data"]
    if not isinstance(data, list):
        raise RawFileError(f'{source}: "data" is a {_name(data)}; expected a list of records.')
    return data


def _start_of_list(text: str) -> int:
    """Return where the first record of a document, or of JSON Lines, begins."""
    start = _skip_blank(text, 0)
    position = start + 1
    while text[start] == "{":
        key, position = _DECODER.raw_decode(text, _skip_blank(text, position))
        position = _skip_blank(text, _skip_blank(text, position) + 1)
        if key == "data":
            return position + 1
        if key == "device_id":
            break
        _value, position = _DECODER.raw_decode(text, position)
        position = _skip_blank(text, position) + 1
    return start


def _fail_at(text: str, position: int, source: str, what: str, expected: str) -> NoReturn:
    offset = len(text[:position].encode())
    cut_short = " The file seems to be cut short." if position >= len(text.rstrip()) else ""
    raise RawFileError(f"{source}: byte {offset}: {what}; {expected}.{cut_short}")


def _name(value: Any) -> str:
    names = {dict: "object", list: "list", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")


def _skip_blank(text: str, position: int) -> int:
    match = _BLANK.match(text, position)
    return match.end() if match else position
