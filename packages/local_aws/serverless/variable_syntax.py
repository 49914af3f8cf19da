"""The syntax of Serverless variables: where one ends, what its parts are, and what is none."""

import re
from dataclasses import dataclass

_SOURCE = re.compile(r"\s*([A-Za-z]\w*)(?:\(([^)]*)\))?(?::(?!:)(.*?))?\s*", re.DOTALL)
LITERAL = re.compile(r"""\s*('[^']*'|"[^"]*"|true|false|null|-?\d+(?:\.\d+)?)\s*""")


class UnresolvedError(Exception):
    """A variable has no value; the message says why."""


@dataclass(frozen=True)
class Source:
    """One source of a variable: ``kind(argument):address``, such as ``file(a.yml):b.c``."""

    kind: str
    argument: str | None
    address: str | None


def parse_source(text: str) -> Source | None:
    """Return the parts of a source; None for what has none, such as CloudFormation's ``AWS::Region`` and ``Name.Arn``.

    Examples
    --------
    >>> parse_source("file(a.yml):b.c")
    Source(kind='file', argument='a.yml', address='b.c')
    >>> parse_source("AWS::Region")
    """
    match = _SOURCE.fullmatch(text)
    if not match or match[2] is match[3] is None:
        return None
    return Source(match[1], match[2], match[3])


def closing_brace(text: str, start: int) -> int:
    """Return where the variable ends whose ``${`` is at `start`; nested ones are passed over.

    Raises
    ------
    UnresolvedError
        It does not end.
    """
    depth = 0
    for position in range(start, len(text)):
        if text.startswith("${", position):
            depth += 1
        elif text[position] == "}":
            depth -= 1
            if depth == 0:
                return position
    raise UnresolvedError(f"'{text[start : start + 40]}' has no closing brace")


def split_sources(inner: str) -> list[str]:
    """Split a variable's inside at commas that are in no quotes, parentheses or nested variables.

    Examples
    --------
    >>> split_sources("opt:a, ${self:b, 'c'}, 'd, e'")
    ['opt:a', " ${self:b, 'c'}", " 'd, e'"]
    """
    parts, depth, quote = [""], 0, ""
    for character in inner:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "({":
            depth += 1
        elif character in ")}":
            depth -= 1
        if character == "," and depth == 0 and not quote:
            parts.append("")
        else:
            parts[-1] += character
    return parts
