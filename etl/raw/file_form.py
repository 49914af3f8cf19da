"""Tell the form of a raw file from its beginning: one document with a list ``data``, or JSON Lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args

from etl.contract.record import json_type
from etl.errors import RawFileError
from etl.raw.json_records import DECODER, EXPECTED, reason_of, skip_blank

Form = Literal["document", "lines"]
FORMS: tuple[Form, ...] = get_args(Form)


class NeedsMoreError(Exception):
    """The head of a file is not whole yet; if there is no more, this is what is wrong with it."""

    def __init__(self, position: int, reason: str, expected: str = EXPECTED) -> None:
        super().__init__(reason)
        self.position, self.reason, self.expected = position, reason, expected


def form_of(text: str, *, is_whole: bool) -> tuple[Form, int]:
    """Tell the form of a file from its beginning, and where its first record, or the inside of its list, begins."""
    start = skip_blank(text, 0)
    if start == len(text) and not is_whole:
        raise NeedsMoreError(start, "the file begins with nothing but blanks")
    if start == len(text):
        raise RawFileError(f"the file is empty; {EXPECTED}.")
    if text[start] != "{":
        value = [] if text[start] == "[" else _value(text, start, is_whole=is_whole)[0]
        raise RawFileError(f"the file starts with a {json_type(value)}; {EXPECTED}.")
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
    if "device_id" in names or skip_blank(text, position) < len(text):
        return "lines", 0
    if not is_whole:
        raise NeedsMoreError(position, 'the object has no "data"')
    keys = ", ".join(f"{key!r:.40}" for key in names[:5]) or "none"
    raise RawFileError(f'the object has no "data" (its keys: {keys}); {EXPECTED}.')


def _members(text: str, start: int, *, is_whole: bool) -> Iterator[tuple[str | None, int]]:
    """Yield the name of each member of a JSON object and where its value begins; None, and where the object ends."""
    position, separator = skip_blank(text, start + 1), ","
    if text[position : position + 1] == "}":
        separator = "}"
        position += 1
    while separator != "}":
        position = skip_blank(text, position)
        if text[position : position + 1] != '"':
            raise NeedsMoreError(position, "not valid JSON (Expecting property name enclosed in double quotes)")
        name, position = _value(text, position, is_whole=is_whole)
        position = skip_blank(text, position)
        if text[position : position + 1] != ":":
            raise NeedsMoreError(position, "not valid JSON (Expecting ':' delimiter)")
        position = skip_blank(text, position + 1)
        yield name, position
        _any, position = _value(text, position, is_whole=is_whole)
        position = skip_blank(text, position)
        separator = text[position : position + 1]
        if separator not in {",", "}"}:
            raise NeedsMoreError(position, "not valid JSON (Expecting ',' delimiter)")
        position += 1
    yield None, position


def _value(text: str, position: int, *, is_whole: bool) -> tuple[Any, int]:
    try:
        value, end = DECODER.raw_decode(text, position)
    except (ValueError, RecursionError) as error:
        raise NeedsMoreError(getattr(error, "pos", position), reason_of(error)) from None
    if end == len(text) and not is_whole:
        raise NeedsMoreError(end, "not valid JSON (Expecting ',' delimiter)")
    return value, end
