"""Resolve Serverless variables, the subset that a local run needs.

``${sls:stage}``, ``${opt:name}``, ``${self:a.b}``, ``${file(path.yml)}``, ``${file(path.yml):a.b}``,
``${cf:stack.Output}``, ``${env:NAME}``, ``${aws:region}``, ``${aws:accountId}``; nested ones; fallbacks after commas,
where a quoted text, a number, true, false and null are values. A variable that is a whole value keeps its type. What
has no source, such as CloudFormation's ``${AWS::Region}``, is left alone.
See https://www.serverless.com/framework/docs/providers/aws/guide/variables.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from local_aws.cloudformation.yaml_files import read_yaml
from local_aws.errors import ServiceFileError
from local_aws.serverless.variable_sources import MISSING, SUPPORTED, Part, Sources
from local_aws.serverless.variable_syntax import LITERAL, UnresolvedError, closing_brace, parse_source, split_sources

_MAX_SHOWN = 5


@dataclass
class Variables:
    """Resolves the variables of one serverless file when their values are asked for.

    Attributes
    ----------
    path
        The serverless file.
    sources
        Where values come from.
    """

    path: Path
    sources: Sources
    _active: list[str] = field(default_factory=list)
    _problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Read the file."""
        self._document = read_yaml(self.path)
        if not isinstance(self._document, dict):
            found = type(self._document).__name__
            raise ServiceFileError(f"{self.path}: no service; found {found}; expected a mapping with 'service'")

    def get(self, address: str, default: Any = None) -> Any:
        """Return the value at a path of keys, such as ``provider.environment``, all variables in it resolved.

        Raises
        ------
        ServiceFileError
            Variables in it have no value; the message names each, and where it stands.
        """
        value = self._lookup(self._document, address, "")
        resolved = None if value is MISSING else self._resolve(value, address)
        if self._problems:
            shown, more = self._problems[:_MAX_SHOWN], len(self._problems) - _MAX_SHOWN
            self._problems = []
            raise ServiceFileError("\n".join(shown + ([f"... and {more} more"] if more > 0 else [])))
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
        except UnresolvedError as error:
            self._problems.append(f"{self.path}: {where}: {error}")
            return value

    def _expand(self, text: str) -> Any:
        """Return `text` with its variables replaced; the bare value when a variable is all of it."""
        done, position = "", 0
        while (start := text.find("${", position)) >= 0:
            end = closing_brace(text, start)
            value = self._value(text[start + 2 : end])
            if start == 0 and end == len(text) - 1:
                return value
            if not isinstance(value, str | int | float):
                variable, found = text[start : end + 1], type(value).__name__
                raise UnresolvedError(f"'{variable}' inside a text: found {found}; expected text or a number")
            done += text[position:start] + (str(value).lower() if isinstance(value, bool) else str(value))
            position = end + 1
        return done + text[position:]

    def _value(self, inner: str) -> Any:
        """Return the value of what stands between ``${`` and ``}``; one without any is an error."""
        value = self._first_value(inner)
        if value is MISSING:
            raise UnresolvedError(
                f"'${{{inner}}}' has no value; expected an existing one of {SUPPORTED}, or a fallback"
            )
        return value

    def _first_value(self, inner: str) -> Any:
        """Return the value of the first source that has one, else `MISSING`."""
        first, *fallbacks = split_sources(inner)
        first = str(self._expand(first))
        if not parse_source(first):
            return "${" + ",".join([first, *fallbacks]) + "}"  # CloudFormation's, not ours
        for source in (first, *fallbacks):
            literal = LITERAL.fullmatch(source)
            value = yaml.safe_load(literal[1]) if literal else self._source_value(source.strip())
            if value is not MISSING:
                return value
        return MISSING

    def _source_value(self, text: str) -> Any:
        """Return the value of a source, which may be a whole variable in braces, or have some in it."""
        if text.startswith("${") and closing_brace(text, 0) == len(text) - 1:
            return self._first_value(text[2:-1])
        source = str(self._expand(text))
        found = self.sources.find(source, self._document)
        return self._part_value(source, found) if isinstance(found, Part) else found

    def _part_value(self, source: str, part: Part) -> Any:
        """Return the resolved value of a part; one that needs itself is an error."""
        if source in self._active:
            raise UnresolvedError(f"variables go in a circle: {' -> '.join([*self._active, source])}")
        self._active.append(source)
        try:
            value = self._lookup(part.document, part.address, source)
            return value if value is MISSING else self._resolve(value, f"${{{source}}}")
        finally:
            self._active.pop()

    def _lookup(self, document: Any, address: str, text: str) -> Any:
        """Follow a path of keys; a variable on the way is resolved."""
        for key in filter(None, address.split(".")):
            if isinstance(document, str):
                document = self._resolve(document, text or address)
            if isinstance(document, list) and key.isdigit() and int(key) < len(document):
                document = document[int(key)]
            elif isinstance(document, dict) and key in document:
                document = document[key]
            else:
                return MISSING
        return document
