"""A notebook with other parameters, and the parameters that an executed one had."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from typing import Any


def with_parameters(notebook: bytes, values: Mapping[str, Any], *, keep_outputs: bool = False) -> bytes:
    r"""Return a notebook with other values in its parameters cell, and without outputs, which belong to the old ones.

    Parameters
    ----------
    notebook
        As its file holds it; its cell tagged ``parameters`` has one annotated literal a line.
    values
        By parameter; names that the notebook does not have are passed over.
    keep_outputs
        Leave the outputs where they are: the values say only what the next execution is to do.

    Examples
    --------
    >>> cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": ["n: int = 1  # how many"]}
    >>> made = with_parameters(json.dumps({"cells": [cell]}).encode(), {"n": 2, "other": 3})
    >>> json.loads(made)["cells"][0]["source"]
    'n: int = 2  # how many'
    """
    document = json.loads(notebook)
    for cell in document["cells"]:
        if cell["cell_type"] == "code" and not keep_outputs:
            cell["outputs"], cell["execution_count"] = [], None
        if "parameters" in cell["metadata"].get("tags", []):
            cell["source"] = _replaced("".join(cell["source"]), values)
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def executed_parameters(notebook: bytes) -> dict[str, Any]:
    """Return the parameters with which papermill executed a notebook; none if it did not."""
    found: dict[str, Any] = json.loads(notebook)["metadata"].get("papermill", {}).get("parameters", {})
    return found


def _replaced(source: str, values: Mapping[str, Any]) -> str:
    """Replace the literals and leave the rest of each line, above all the help, as it is."""
    lines = [line.encode() for line in source.splitlines()]
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value:
            name, old = statement.target.id, statement.value
            if name in values and old.lineno == old.end_lineno:
                line = lines[old.lineno - 1]
                # ast counts in bytes
                lines[old.lineno - 1] = line[: old.col_offset] + _literal(values[name]) + line[old.end_col_offset :]
    return b"\n".join(lines).decode()


def _literal(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)).encode()
