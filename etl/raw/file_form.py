"""Detect the form of a raw file from its beginning: one document with a list ``data``, or JSON Lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args

from etl.contract.record import json_type
from etl.errors import RawFileError
from etl.raw.json_records import DECODER, EXPECTED, reason_of, skip_blank

Form = Literal["document", "lines"]
FORMS: tuple[Form, ...] = get_args(Form)


class IncompleteHeadError(Exception):
    """The head of a file is incomplete; `reason` is the fault of a file that ends here."""

    def __init__(self, position: int, reason: str, expected: str = EXPECTED) -> None:
        super().__init__(reason)
        self.position, self.reason, self.expected = position, reason, expected


def form_of(text: str, *, is_whole: bool) -> tuple[Form, int]:
    """Return a file's form, judged by its beginning, and the position of its first record or of its list's inside.

    Raises
    ------
    IncompleteHeadError
        The form shows only further on.
    RawFileError
        The file is empty or has another shape; the message lacks the file's name.
    """
    start = skip_blank(text, 0)
    if start == len(text) and not is_whole:
        raise IncompleteHeadError(start, "the file begins with nothing but blanks")
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
    # an object without "data" is the first of several lines, or the file is no raw file
    if "device_id" in names or skip_blank(text, position) < len(text):
        return "lines", 0
    if not is_whole:
        raise IncompleteHeadError(position, 'the object has no "data"')
    keys = ", ".join(f"{key!r:.40}" for key in names[:5]) or "none"
    raise RawFileError(f'the object has no "data" (its keys: {keys}); {EXPECTED}.')


def _members(text: str, start: int, *, is_whole: bool) -> Iterator[tuple[str | None, int]]:
    """Yield each member of a JSON object, as name and position of its value; at last None and the object's end."""
    position, separator = skip_blank(text, start + 1), ","
    if text[position : position + 1] == "}":
        separator = "}"
        position += 1
    while separator != "}":
        position = skip_blank(text, position)
        if text[position : position + 1] != '"':
            raise IncompleteHeadError(position, "not valid JSON (Expecting property name enclosed in double quotes)")
        name, position = _value(text, position, is_whole=is_whole)
        position = skip_blank(text, position)
        if text[position : position + 1] != ":":
            raise IncompleteHeadError(position, "not valid JSON (Expecting ':' delimiter)")
        position = skip_blank(text, position + 1)
        yield name, position
        _any, position = _value(text, position, is_whole=is_whole)
        position = skip_blank(text, position)
        separator = text[position : position + 1]
        if separator not in {",", "}"}:
            raise IncompleteHeadError(position, "not valid JSON (Expecting ',' delimiter)")
        position += 1
    yield None, position


def _value(text: str, position: int, *, is_whole: bool) -> tuple[Any, int]:
    try:
        value, end = DECODER.raw_decode(text, position)
    except (ValueError, RecursionError) as error:
        raise IncompleteHeadError(getattr(error, "pos", position), reason_of(error)) from None
    if end == len(text) and not is_whole:
        raise IncompleteHeadError(end, "not valid JSON (Expecting ',' delimiter)")
    return value, end
