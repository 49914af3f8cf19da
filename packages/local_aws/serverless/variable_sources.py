"""Where the values of Serverless variables come from."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_aws.cloudformation.yaml_files import read_yaml
from local_aws.serverless.variable_syntax import UnresolvedError, parse_source

SUPPORTED = "sls:stage, opt:, self:, file(), cf:, env:, aws:region, aws:accountId"
MISSING = object()
"""Stands for no value; null is one."""


@dataclass(frozen=True)
class Part:
    """A part of a document that may hold variables itself: what lies at `address`, a path of keys."""

    document: Any
    address: str


@dataclass(frozen=True)
class Sources:
    """The sources that a local run has.

    Attributes
    ----------
    folder
        Included files must lie in it.
    options
        What ``opt:`` names, such as ``{"stage": "dev"}``.
    fixed
        Whole variables and their values, such as ``{"sls:stage": "dev"}``.
    stack_output
        Returns an output of a deployed stack, or `MISSING`.
    """

    folder: Path
    options: Mapping[str, str]
    fixed: Mapping[str, str]
    stack_output: Callable[[str, str], Any]

    def find(self, text: str, document: Any) -> Any:
        """Return what a source names: a value, a `Part`, or `MISSING`.

        Parameters
        ----------
        text
            The source, such as ``self:custom.name``, no variable in it any more.
        document
            What ``self:`` means.

        Raises
        ------
        UnresolvedError
            There is no such source here.
        ServiceFileError
            An included file cannot be read.
        """
        if text in self.fixed:
            return self.fixed[text]
        source = parse_source(text)
        if source and source.kind == "file" and source.argument:
            return self._file(text, source.argument.strip(), source.address or "")
        if source and source.address is not None and source.argument is None:
            if source.kind == "opt":
                return self.options.get(source.address, MISSING)
            if source.kind == "env":
                return os.environ.get(source.address, MISSING)
            if source.kind == "self":
                return Part(document, source.address)
            if source.kind == "cf" and "." in source.address:
                return self.stack_output(*source.address.split(".", 1))
        raise UnresolvedError(f"variable '{text}' is not supported; expected {SUPPORTED}")

    def _file(self, text: str, name: str, address: str) -> Any:
        folder = self.folder.resolve()
        path = (folder / name).resolve()
        if not path.is_relative_to(folder):
            raise UnresolvedError(f"'{text}' leaves the service's folder; expected a file in it")
        return Part(read_yaml(path), address) if path.is_file() else MISSING
