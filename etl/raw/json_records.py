"""Decode the complete records of a text with Python's strict JSON decoder."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from etl.contract.quarantine import MAX_TEXT_LENGTH
from etl.contract.record import RepeatedKeys

EXPECTED = 'expected one JSON object with a list "data", or JSON Lines'

_BLANK = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True)
class DecodedRecord:
    """A record's value, and its beginning as the file spells it (at most 200 characters)."""

    value: Any
    text: str


class ListItems:
    """Iterate over the complete records of a JSON list's inside.

    Parameters
    ----------
    text
        Begins behind the list's bracket or behind a record; may end anywhere.
    after_record
        It begins behind a record.

    Attributes
    ----------
    position
        Behind the last complete record, or behind the end of the list.
    after_record, at_end
        Whether `position` is behind a record, or behind the end of the list.
    is_wrong
        The text at `position` is invalid, whatever follows it.
    done
        The records so far.
    """

    def __init__(self, text: str, *, after_record: bool) -> None:
        self._text = text
        self.position, self.after_record, self.at_end, self.is_wrong = 0, after_record, False, False
        self.done: list[DecodedRecord] = []

    def __iter__(self) -> Iterator[DecodedRecord]:
        """Yield each record; raise `ValueError` or `RecursionError` where there is no complete one."""
        text = self._text
        while (start := skip_blank(text, self.position)) < len(text):
            if text[start] == "]":
                self.position, self.at_end = start + 1, True
                return
            if self.after_record:
                if text[start] != ",":
                    self.is_wrong = True
                    raise json.JSONDecodeError("Expecting ',' delimiter", text, start)
                start = skip_blank(text, start + 1)
                if start == len(text):
                    return
                self.is_wrong = text[start] == "]"
            value, end = DECODER.raw_decode(text, start)
            if end == len(text) and not isinstance(value, dict | list | str):
                return  # a number may go on
            self.position, self.after_record = end, True
            self.done.append(DecodedRecord(value, text[start:end][:MAX_TEXT_LENGTH]))
            yield self.done[-1]


class LineError(ValueError):
    """A line that is no record; the message gives its number and what was expected."""


def decode_lines(text: str, *, n_before: int = 0) -> list[DecodedRecord]:
    """Decode complete JSON Lines, which follow `n_before` lines of the file.

    Raises
    ------
    LineError
        A line is not valid JSON, or has more than one record.
    """
    decoded = []
    for number, line in enumerate(text.split("\n"), start=n_before + 1):
        start = skip_blank(line, 0)
        if start == len(line):
            continue
        try:
            value, end = DECODER.raw_decode(line, start)
        except (ValueError, RecursionError) as error:
            raise LineError(f"line {number}: {reason_of(error)}; {EXPECTED}.") from None
        if skip_blank(line, end) < len(line):
            raise LineError(f"line {number}: more text after the record; expected one record a line.")
        decoded.append(DecodedRecord(value, line[start:end][:MAX_TEXT_LENGTH]))
    return decoded


def reason_of(error: Exception) -> str:
    """Return why a text could not be decoded."""
    if isinstance(error, RecursionError):
        return "the JSON is nested too deeply"
    return f"not valid JSON ({error.msg if isinstance(error, json.JSONDecodeError) else str(error)[:100]})"


def skip_blank(text: str, position: int) -> int:
    """Return the position of the first character from `position` on that is not blank."""
    match = _BLANK.match(text, position)
    return match.end() if match else position


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


DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_refuse_constant)
