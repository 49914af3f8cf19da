"""What changed between two versions of a notebook's outputs, in lines that a person can judge."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator
from typing import Any

Notebook = dict[str, Any]
MOST_LINES = 60  # of one cell's change


def changes(before: Notebook, after: Notebook) -> list[str]:
    r"""Return what changed, cell by cell: rows of tables and text as a diff, pictures by name.

    Parameters
    ----------
    before, after
        The same notebook, as committed and as executed now.

    Returns
    -------
    list of str
        Lines to print; empty if nothing changed.

    Examples
    --------
    >>> def notebook(text):
    ...     shown = {"output_type": "stream", "name": "stdout", "text": text}
    ...     return {"metadata": {}, "cells": [{"id": "rows", "cell_type": "code", "outputs": [shown]}]}
    >>> print(*changes(notebook("a,1\nb,2\n"), notebook("a,1\nb,3\n")), sep="\n")
    cell rows:
       a,1
      -b,2
      +b,3
    """
    was = {cell["id"]: cell for cell in before["cells"]}
    lines = []
    for cell in after["cells"]:
        found = list(_cell_changes(was[cell["id"]], cell))
        if found:
            lines += [f"cell {cell['id']}:", *(f"  {line}" for line in _shortened(found))]
    if before["metadata"] != after["metadata"]:
        lines.append("metadata of the notebook: normalised")
    return lines


def _cell_changes(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    if before.get("outputs", []) != after.get("outputs", []):
        old, new = list(_shown(before)), list(_shown(after))
        diff = list(_diff(old, new))
        yield from diff
        if _pictures(before) != _pictures(after):
            yield "picture changed"
        elif not diff:
            yield "only the markup changed, the text is the same"
    elif before.get("execution_count") != after.get("execution_count"):
        yield f"its place in the run: {before.get('execution_count')} -> {after.get('execution_count')}"
    if before.get("metadata", {}) != after.get("metadata", {}):
        yield "metadata: normalised"


def _diff(old: list[str], new: list[str]) -> Iterator[str]:
    """Yield changed lines with one line of what surrounds them; no positions, which mean nothing in an output."""
    for line in list(difflib.unified_diff(old, new, lineterm="", n=1))[2:]:
        yield "..." if line.startswith("@@") else line


def _shortened(lines: list[str]) -> Iterable[str]:
    lines = lines[1:] if lines[0] == "..." else lines
    more = len(lines) - MOST_LINES
    return [*lines[:MOST_LINES], f"... and {more} more lines"] if more > 0 else lines


def _shown(cell: dict[str, Any]) -> Iterator[str]:
    """Yield what a cell shows as lines of text: JSON one value a line, tables as pandas prints them."""
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if "application/json" in data:
            yield from json.dumps(data["application/json"], ensure_ascii=False, indent=2).splitlines()
        elif "text/plain" in data:
            yield from _text(data["text/plain"]).splitlines()
        elif data:
            yield f"({', '.join(sorted(data))})"
        elif output["output_type"] == "error":
            yield f"{output['ename']}: {output['evalue']}"
        else:
            yield from _text(output.get("text", "")).splitlines()


def _pictures(cell: dict[str, Any]) -> list[Any]:
    return [
        content
        for output in cell.get("outputs", [])
        for kind, content in output.get("data", {}).items()
        if kind.startswith("image/")
    ]


def _text(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "".join(value)
