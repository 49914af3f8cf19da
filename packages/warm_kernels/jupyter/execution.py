"""papermill's execution of one notebook, with half of its saves and with every failure marked in the notebook."""

from __future__ import annotations

import contextlib
from typing import Any

import nbformat
from nbformat import NotebookNode
from papermill.engines import NBClientEngine, NotebookExecutionManager
from papermill.exceptions import PapermillExecutionError
from papermill.execute import raise_for_execution_errors
from papermill.iorw import write_ipynb


class Execution(NotebookExecutionManager):  # type: ignore[misc]
    """papermill's state of a notebook that is being executed.

    papermill saves the notebook at the end of each cell, markdown cells included, and again at the start of the next,
    which follows at once. Here it is saved once for each code cell, while the kernel runs it, and when a cell failed.
    """

    _is_saving = True

    def save(self, **options: Any) -> None:
        """Save the notebook to its output path, if it has one."""
        if self._is_saving:
            super().save(**options)

    def cell_start(self, cell: NotebookNode, cell_index: int | None = None, **options: Any) -> None:
        """Record that a cell has started; `cell_sent` saves."""
        self._is_saving = False
        try:
            super().cell_start(cell, cell_index, **options)
        finally:
            self._is_saving = True

    def cell_sent(self, **_options: Any) -> None:
        """Save while the kernel works; nbclient calls this right after it has sent a cell."""
        self.save()

    def cell_complete(self, cell: NotebookNode, cell_index: int | None = None, **options: Any) -> None:
        """Record that a cell has ended; the next cell, or the notebook's end, saves."""
        self._is_saving = cell.metadata.papermill.get("status") == self.FAILED
        try:
            super().cell_complete(cell, cell_index, **options)
        finally:
            self._is_saving = True


def execute(
    nb: NotebookNode,
    kernel_name: str,
    *,
    output_path: str | None = None,
    progress_bar: bool | dict[str, Any] = True,
    log_output: bool = False,
    autosave_cell_every: int = 30,
    **options: Any,
) -> NotebookNode:
    """Execute a notebook as papermill's ``NBClientEngine.execute_notebook`` does, with the same arguments.

    Returns
    -------
    NotebookNode
        The executed notebook, saved to `output_path` if there is one. An error of a cell is in it, and not raised.

    Raises
    ------
    Exception
        What papermill's engine raises for a dead kernel, a time-out and the like. The notebook is saved, with the
        error marked in it.
    """
    execution = Execution(nb, output_path, log_output, progress_bar, autosave_cell_every)
    caller_hook = options.get("on_cell_complete")

    def cell_sent(**arguments: Any) -> Any:
        execution.cell_sent()
        return caller_hook(**arguments) if caller_hook else None  # nbclient awaits the result if it must

    options["on_cell_complete"] = cell_sent  # despite its name, nbclient calls the hook when it has sent the cell
    execution.notebook_start()
    try:
        NBClientEngine.execute_managed_notebook(execution, kernel_name, log_output=log_output, **options)
    except (Exception, KeyboardInterrupt) as error:
        execution.cleanup_pbar()
        execution.notebook_complete()
        _mark_failure(execution.nb, error)
        raise
    execution.cleanup_pbar()
    execution.notebook_complete()
    return execution.nb


def _mark_failure(notebook: NotebookNode, error: BaseException) -> None:
    """Write an error that papermill leaves unmarked (dead kernel, time-out, interrupt) into the cell that was running.

    papermill saves such a notebook with every cell *completed*. Here the cell that was running becomes *failed* and
    shows the error, the cells after it become *pending*, and papermill's markers point at the failed cell. If no cell
    had started, only the metadata have the failure. The notebook is changed in place and saved.
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
    # as papermill does for the error of a cell: add its markers and save; `execute` raises the error itself
    with contextlib.suppress(PapermillExecutionError):
        raise_for_execution_errors(notebook, path)
        write_ipynb(notebook, path)


def _papermill(cell: NotebookNode) -> dict[str, Any]:
    metadata: dict[str, Any] = cell.metadata.setdefault("papermill", {})
    return metadata
