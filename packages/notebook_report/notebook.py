"""What of an executed notebook belongs into its report: prose and outputs in order, without code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

VERDICT, RESULT, PARAMETERS = "verdict", "result", "parameters"
# ``remove_cell`` is the tag that nbconvert suggests for a cell that no page shows; no page shows code, tagged or not
LEFT_OUT = frozenset({PARAMETERS, "injected-parameters", RESULT, "remove_cell", VERDICT})
# papermill's own words on an error, which the report says itself
_PAPERMILL = "papermill-error-cell-tag"
_TITLE = re.compile(r"^# +(?:\d+\. +)?(.+?) *$", re.MULTILINE)


@dataclass(frozen=True)
class Prose:
    """A markdown cell's source."""

    source: str


@dataclass(frozen=True)
class Shown:
    """One output: its text by MIME type, and its metadata; what was printed is ``text/plain``."""

    data: Mapping[str, str]
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Gap:
    """A code cell that is left out; a section that holds nothing else is left out with it."""


@dataclass(frozen=True)
class Stop:
    """The cell at which the notebook ended too early, by its number, and the error in words."""

    number: int | None
    error: str


Block = Prose | Shown | Gap | Stop


@dataclass(frozen=True)
class Executed:
    """An executed notebook without its code.

    Attributes
    ----------
    title
        Its first heading, without a number in front; empty if there is none.
    verdict
        The outputs of the cell tagged ``verdict``; empty if it was not reached.
    blocks
        All the rest, in the notebook's order, as far as it was executed.
    """

    title: str
    verdict: Sequence[Shown]
    blocks: Sequence[Block]


def read_executed(notebook: Mapping[str, Any]) -> Executed:
    """Divide a notebook (nbformat 4) into what its report shows.

    The first markdown cell gives the title. What stands between it and the cell tagged ``parameters`` is about running
    the notebook, and left out, as are the cells tagged with one of `LEFT_OUT`. After a cell that failed nothing
    follows: it was not executed. The notebook is not changed.
    """
    cells = [cell for cell in notebook.get("cells", []) if _PAPERMILL not in _tags(cell)]
    heads = [number for number, cell in enumerate(cells) if {PARAMETERS, "injected-parameters"} & _tags(cell)]
    card = next((_text(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"), "")
    title = _TITLE.search(card)
    body = cells[heads[-1] + 1 :] if heads else cells[1 if title else 0 :]
    verdict: list[Shown] = []
    for cell in body:
        if VERDICT in _tags(cell) and cell["cell_type"] == "code":
            verdict += _outputs(cell)
    return Executed(title[1] if title else "", verdict, list(_blocks(body)))


def _blocks(cells: Sequence[Mapping[str, Any]]) -> Iterator[Block]:
    for cell in cells:
        left_out = LEFT_OUT & _tags(cell)
        if cell["cell_type"] == "markdown" and not left_out:
            yield Prose(_text(cell["source"]))
        if cell["cell_type"] != "code":
            continue
        if left_out:
            yield Gap()
        else:
            yield from _outputs(cell)
        error = next((output for output in cell.get("outputs", []) if output["output_type"] == "error"), None)
        if error or cell.get("metadata", {}).get("papermill", {}).get("status") == "failed":
            if RESULT not in _tags(cell):  # whose error is what the verdict is about
                words = f"{error['ename']}: {error['evalue']}" if error else "it did not end"
                yield Stop(cell.get("execution_count"), words)
            return


def _outputs(cell: Mapping[str, Any]) -> Iterator[Shown]:
    for output in cell.get("outputs", []):
        if output["output_type"] == "stream":
            # warnings are for whoever opens the notebook
            if output["name"] == "stdout":
                yield Shown({"text/plain": _text(output["text"])})
        elif output["output_type"] in ("execute_result", "display_data"):
            data = {kind: _text(value) for kind, value in output["data"].items() if isinstance(value, str | list)}
            yield Shown(data, output.get("metadata", {}))


def _tags(cell: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(cell.get("metadata", {}).get("tags", []))


def _text(value: str | Sequence[str]) -> str:
    """Return a text that may be stored as a list of lines."""
    return value if isinstance(value, str) else "".join(map(str, value))
