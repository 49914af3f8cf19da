"""Change the parameters of a notebook, and read those of an executed notebook."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from typing import Any


def with_parameters(notebook: bytes, values: Mapping[str, Any], *, keep_outputs: bool = False) -> bytes:
    r"""Return a notebook with other values in its parameters cell, and without outputs unless `keep_outputs` is set.

    Parameters
    ----------
    notebook
        The content of its file; its cell tagged ``parameters`` has one annotated literal a line.
    values
        By parameter; names that the notebook does not declare are ignored.
    keep_outputs
        Keep the outputs, which then belong to the old values.

    Examples
    --------
    >>> cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": ["n: int = 1  # how many"]}
    >>> changed = with_parameters(json.dumps({"cells": [cell]}).encode(), {"n": 2, "other": 3})
    >>> json.loads(changed)["cells"][0]["source"]
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
    """Return the parameters with which papermill executed a notebook; empty if it did not."""
    parameters: dict[str, Any] = json.loads(notebook)["metadata"].get("papermill", {}).get("parameters", {})
    return parameters


def _replaced(source: str, values: Mapping[str, Any]) -> str:
    """Replace the literals; the rest of each line, above all the help, does not change."""
    lines = [line.encode() for line in source.splitlines()]
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value:
            name, old = statement.target.id, statement.value
            if name in values and old.lineno == old.end_lineno:
                line = lines[old.lineno - 1]
                # ast counts columns in bytes
                lines[old.lineno - 1] = line[: old.col_offset] + _literal(values[name]) + line[old.end_col_offset :]
    return b"\n".join(lines).decode()


def _literal(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)).encode()
