"""Turn what papermill raises into one of our errors, and mark it in the executed notebook."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import nbformat
from nbclient.exceptions import CellTimeoutError
from papermill.exceptions import PapermillExecutionError
from papermill.execute import raise_for_execution_errors

from etl.errors import EtlError, KernelDiedError, NotebookError, NotebookTimeoutError, leaves

LONGEST_MESSAGE = 2_000  # characters; a Lambda error and an SNS message stay readable


def named_error(error: Exception, executed: Path) -> EtlError:
    """Return the error of ours that stands for `error`.

    A cell that raised one of our errors gives that very class, so that Retry and Catch can match it. A kernel that
    died and a notebook that ran out of time leave no error in the notebook by themselves: this writes it in, at the
    cell that was running.

    Parameters
    ----------
    error
        What ``papermill.execute_notebook`` raised.
    executed
        The notebook as far as it got; marked in place.
    """
    if isinstance(error, PapermillExecutionError):
        kind = leaves().get(error.ename, NotebookError)
        what = error.evalue if kind is not NotebookError else f"{error.ename}: {error.evalue}"
        return kind(f"{executed.name}, cell In [{error.exec_count}]: {what[:LONGEST_MESSAGE]}")
    if isinstance(error, CellTimeoutError) or "Kernel didn't respond" in str(error):  # the latter at its start
        kind, what = NotebookTimeoutError, "stopped because the time of its Lambda was nearly up. Raise its timeout."
    elif isinstance(error, RuntimeError):  # nbclient's DeadKernelError, and its word for a kernel that never came up
        kind, what = KernelDiedError, "its kernel process died, most often for want of memory. Raise its memorySize."
    else:
        kind, what = NotebookError, f"{type(error).__name__}: {error}"[:LONGEST_MESSAGE]
    return kind(f"{executed.name}, {_mark(executed, kind.__name__, what)}: {what}")


def _mark(executed: Path, ename: str, what: str) -> str:
    """Write the error into the cell that was running, as papermill marks a cell's own; return that cell's name."""
    if not executed.exists():
        return "before its first cell"
    notebook = nbformat.read(executed, as_version=4)
    started = [cell for cell in notebook.cells if _papermill(cell).get("start_time") and cell.cell_type == "code"]
    if not started:
        return "before its first cell"
    running = started[-1]
    # a cell whose kernel died has no count yet
    running.execution_count = running.execution_count or 1 + max((c.execution_count or 0) for c in started)
    running.outputs.append(nbformat.v4.new_output("error", ename=ename, evalue=what, traceback=[f"{ename}: {what}"]))
    _papermill(running).update(status="failed", exception=True)
    for cell in notebook.cells[notebook.cells.index(running) + 1 :]:
        _papermill(cell)["status"] = "pending"
    # papermill's own marks; it writes them, and then raises what is raised here already
    with contextlib.suppress(PapermillExecutionError):
        raise_for_execution_errors(notebook, str(executed))
    return f"cell In [{running.execution_count}]"


def _papermill(cell: Any) -> dict[str, Any]:
    metadata: dict[str, Any] = cell.metadata.setdefault("papermill", {})
    return metadata
