"""Read an executed notebook (nbformat 4): its title, and the cells, outputs and errors that its report shows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

VERDICT, RESULT, PARAMETERS = "verdict", "result", "parameters"
# ``remove_cell`` is the tag that nbconvert suggests for a cell that no page shows; no page shows code, tagged or not
HIDDEN_TAGS = frozenset({PARAMETERS, "injected-parameters", RESULT, "remove_cell", VERDICT})
# papermill's markdown cells about an error; the report has its own words
_PAPERMILL = "papermill-error-cell-tag"
_TITLE = re.compile(r"^# +(?:\d+\. +)?(.+?) *$", re.MULTILINE)
Cell = Mapping[str, Any]


@dataclass(frozen=True)
class Output:
    """An output: its text by MIME type (printed text is ``text/plain``), and its metadata by MIME type."""

    data: Mapping[str, str]
    metadata: Mapping[str, Any] = field(default_factory=dict)


def title_and_body(notebook: Mapping[str, Any]) -> tuple[str, list[Cell]]:
    """Return the first heading without its number, empty if there is none, and the cells that the report may show.

    The cells up to that tagged ``parameters`` are about running the notebook and are left out.
    """
    cells = [cell for cell in notebook.get("cells", []) if _PAPERMILL not in tags_of(cell)]
    first_text = next((source_of(cell) for cell in cells if cell["cell_type"] == "markdown"), "")
    title = _TITLE.search(first_text)
    parameters = [n for n, cell in enumerate(cells) if {PARAMETERS, "injected-parameters"} & tags_of(cell)]
    return title[1] if title else "", cells[parameters[-1] + 1 if parameters else bool(title) :]


def outputs_of(cell: Cell) -> Iterator[Output]:
    """Yield the outputs of a code cell; warnings (stderr) are for readers of the notebook only."""
    for output in cell.get("outputs", []):
        if output["output_type"] == "stream" and output["name"] == "stdout":
            yield Output({"text/plain": _joined(output["text"])})
        elif output["output_type"] in ("execute_result", "display_data"):
            data = {kind: _joined(value) for kind, value in output["data"].items() if isinstance(value, str | list)}
            yield Output(data, output.get("metadata", {}))


def error_of(cell: Cell) -> str:
    """Return the error that ended the notebook in this code cell, empty if there is none."""
    for output in cell.get("outputs", []):
        if output["output_type"] == "error":
            return f"{output['ename']}: {output['evalue']}"
    return "it did not end" if cell.get("metadata", {}).get("papermill", {}).get("status") == "failed" else ""


def tags_of(cell: Cell) -> frozenset[str]:
    """Return the tags of a cell."""
    return frozenset(cell.get("metadata", {}).get("tags", []))


def source_of(cell: Cell) -> str:
    """Return the source of a cell."""
    return _joined(cell["source"])


def _joined(text: str | Sequence[str]) -> str:
    """Return a text, which a notebook may store as a list of lines."""
    return text if isinstance(text, str) else "".join(map(str, text))
