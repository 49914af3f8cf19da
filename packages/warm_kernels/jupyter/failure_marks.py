"""Mark an error in a notebook that papermill itself leaves unmarked: a dead kernel, a time-out, an interrupt."""

from __future__ import annotations

import contextlib
from typing import Any

import nbformat
from papermill.exceptions import PapermillExecutionError
from papermill.execute import raise_for_execution_errors
from papermill.iorw import write_ipynb


def mark_failure(notebook: nbformat.NotebookNode, error: BaseException) -> None:
    """Write an error into the cell that was running, the way papermill marks the error of a cell, and save.

    papermill saves what was executed but calls every cell *completed*. Here the cell that was running is *failed*
    and shows the error, those after it are *pending*, and papermill's markers point at it. If no cell had started,
    only the metadata says so. The notebook is changed in place and written to its output path, if it has one.

    Parameters
    ----------
    notebook
        As papermill's engine left it.
    error
        What was raised.
    """
    metadata = notebook.metadata.get("papermill", {})
    metadata["exception"] = True
    started = [cell for cell in notebook.cells if cell.cell_type == "code" and _papermill(cell).get("start_time")]
    running = started[-1] if started else None
    for cell in notebook.cells[notebook.cells.index(running) + 1 if running else 0 :]:
        _papermill(cell)["status"] = "pending"
    if running:
        _papermill(running).update(status="failed", exception=True)
        name, text = type(error).__name__, str(error).strip()
        running.execution_count = running.execution_count or 1 + max(c.execution_count or 0 for c in started)
        running.outputs.append(nbformat.v4.new_output("error", ename=name, evalue=text, traceback=[f"{name}: {text}"]))
    path = metadata.get("output_path")
    # what papermill does for the error of a cell: add its markers, save, and raise what is raised here already
    with contextlib.suppress(PapermillExecutionError):
        raise_for_execution_errors(notebook, path)
        write_ipynb(notebook, path)


def _papermill(cell: nbformat.NotebookNode) -> dict[str, Any]:
    metadata: dict[str, Any] = cell.metadata.setdefault("papermill", {})
    return metadata
