"""Resolve Serverless variables, the subset that a local run needs.

``${sls:stage}``, ``${opt:name}``, ``${self:a.b}``, ``${file(path.yml)}``, ``${file(path.yml):a.b}``,
``${cf:stack.Output}``, ``${env:NAME}``, ``${aws:region}``, ``${aws:accountId}``; nested ones; fallbacks after commas,
where a quoted text, a number, true, false and null are values. A variable that is a whole value keeps its type. A
variable without a source, such as CloudFormation's ``${AWS::Region}``, is not changed.
See https://www.serverless.com/framework/docs/providers/aws/guide/variables.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from local_aws.cloudformation.yaml_files import read_yaml
from local_aws.errors import ServiceFileError

MISSING = object()
"""No value; null is a value."""

_SUPPORTED = "sls:stage, opt:, self:, file(), cf:, env:, aws:region, aws:accountId"
# kind(argument):address
_SOURCE = re.compile(r"\s*([A-Za-z]\w*)(?:\(([^)]*)\))?(?::(?!:)(.*?))?\s*", re.DOTALL)
_LITERAL = re.compile(r"""\s*('[^']*'|"[^"]*"|true|false|null|-?\d+(?:\.\d+)?)\s*""")
_MAX_SHOWN = 5


class _UnresolvedError(Exception):
    """A variable has no value; the message has the reason."""


@dataclass
class Variables:
    """Resolves the variables of one serverless file when their values are needed.

    Attributes
    ----------
    path
        The serverless file; included files must be in its folder.
    values
        Whole variables and their values, such as ``{"sls:stage": "dev", "opt:stage": "dev"}``.
    stack_output
        Returns an output of a deployed stack by stack and key, or `MISSING`.
    """

    path: Path
    values: Mapping[str, str]
    stack_output: Callable[[str, str], Any]
    _active: list[str] = field(default_factory=list)
    _problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Read the file."""
        self._document = read_yaml(self.path)
        if not isinstance(self._document, dict):
            kind = type(self._document).__name__
            raise ServiceFileError(f"{self.path}: no service; found {kind}; expected a mapping with 'service'")

    def get(self, address: str, default: Any = None) -> Any:
        """Return the value at a path of keys, such as ``provider.environment``, all variables in it resolved.

        Raises
        ------
        ServiceFileError
            Variables in it have no value; the message names each, and its place.
        """
        value = self._lookup(self._document, address, address)
        resolved = None if value is MISSING else self._resolve(value, address)
        if self._problems:
            shown, n_more = self._problems[:_MAX_SHOWN], len(self._problems) - _MAX_SHOWN
            self._problems = []
            raise ServiceFileError("\n".join(shown + ([f"... and {n_more} more"] if n_more > 0 else [])))
        return default if resolved is None else resolved

    def _resolve(self, value: Any, where: str) -> Any:
        if isinstance(value, dict):
            return {key: self._resolve(item, f"{where}.{key}") for key, item in value.items()}
        if isinstance(value, list):
            return [self._resolve(item, f"{where}.{index}") for index, item in enumerate(value)]
        if not isinstance(value, str):
            return value
        try:
            return self._expand(value)
        except _UnresolvedError as error:
            self._problems.append(f"{self.path}: {where}: {error}")
            return value

    def _expand(self, text: str) -> Any:
        """Return `text` with its variables replaced; the bare value when a variable is all of it."""
        expanded, position = "", 0
        while (start := text.find("${", position)) >= 0:
            end = _closing_brace(text, start)
            variable = text[start : end + 1]
            value = self._first_value(variable[2:-1])
            if value is MISSING:
                raise _UnresolvedError(
                    f"'{variable}' has no value; expected an existing one of {_SUPPORTED}, or a fallback"
                )
            if variable == text:
                return value
            if not isinstance(value, str | int | float):
                kind = type(value).__name__
                raise _UnresolvedError(f"'{variable}' inside a text: found {kind}; expected text or a number")
            expanded += text[position:start] + (str(value).lower() if isinstance(value, bool) else str(value))
            position = end + 1
        return expanded + text[position:]

    def _first_value(self, inner: str) -> Any:
        """Return the value of the first of the sources between ``${`` and ``}`` that has one, else `MISSING`."""
        first, *fallbacks = _split_sources(inner)
        first = str(self._expand(first))
        source = _SOURCE.fullmatch(first)
        if not source or source[2] is source[3] is None:
            return "${" + ",".join([first, *fallbacks]) + "}"  # CloudFormation's
        for text in (first, *fallbacks):
            literal = _LITERAL.fullmatch(text)
            value = yaml.safe_load(literal[1]) if literal else self._source_value(text.strip())
            if value is not MISSING:
                return value
        return MISSING

    def _source_value(self, text: str) -> Any:
        """Return the value of a source, which may be a whole variable in braces, or contain variables."""
        if text.startswith("${") and _closing_brace(text, 0) == len(text) - 1:
            return self._first_value(text[2:-1])
        source = str(self._expand(text))
        return self.values[source] if source in self.values else self._find(source)

    def _find(self, source: str) -> Any:
        """Return the value of a source without variables in it."""
        parsed = _SOURCE.fullmatch(source)
        match parsed.groups() if parsed else ():
            case "file", str(name), address if name:
                return self._file_value(source, name.strip(), address or "")
            case "opt", None, str():
                return MISSING
            case "env", None, str(name):
                return os.environ.get(name, MISSING)
            case "self", None, str(address):
                return self._part_value(source, self._document, address)
            case "cf", None, str(output) if "." in output:
                return self.stack_output(*output.split(".", 1))
        raise _UnresolvedError(f"variable '{source}' is not supported; expected {_SUPPORTED}")

    def _file_value(self, source: str, name: str, address: str) -> Any:
        folder = self.path.parent.resolve()
        path = (folder / name).resolve()
        if not path.is_relative_to(folder):
            raise _UnresolvedError(f"'{source}' leaves the service's folder; expected a file in it")
        return self._part_value(source, read_yaml(path), address) if path.is_file() else MISSING

    def _part_value(self, source: str, document: Any, address: str) -> Any:
        """Return the resolved value of a part of a document; a part that needs itself is an error."""
        if source in self._active:
            raise _UnresolvedError(f"variables go in a circle: {' -> '.join([*self._active, source])}")
        self._active.append(source)
        try:
            value = self._lookup(document, address, source)
            return value if value is MISSING else self._resolve(value, f"${{{source}}}")
        finally:
            self._active.pop()

    def _lookup(self, document: Any, address: str, where: str) -> Any:
        """Follow a path of keys; a variable on the path is resolved."""
        for key in filter(None, address.split(".")):
            if isinstance(document, str):
                document = self._resolve(document, where)
            if isinstance(document, list) and key.isdigit() and int(key) < len(document):
                document = document[int(key)]
            elif isinstance(document, dict) and key in document:
                document = document[key]
            else:
                return MISSING
        return document


def _closing_brace(text: str, start: int) -> int:
    """Return where the variable ends whose ``${`` is at `start`, behind nested variables."""
    depth = 0
    for position in range(start, len(text)):
        if text.startswith("${", position):
            depth += 1
        elif text[position] == "}":
            depth -= 1
            if depth == 0:
                return position
    raise _UnresolvedError(f"'{text[start : start + 40]}' has no closing brace")


def _split_sources(inner: str) -> list[str]:
    """Split at commas that are not in quotes, parentheses or nested variables.

    Examples
    --------
    >>> _split_sources("opt:a, ${self:b, 'c'}, 'd, e'")
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
