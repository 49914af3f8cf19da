"""papermill's execution of one notebook, with half of its saves and with every failure marked."""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode
from papermill.engines import NBClientEngine, NotebookExecutionManager

from warm_kernels.failure_marks import mark_failure


class Execution(NotebookExecutionManager):  # type: ignore[misc]
    """papermill's bookkeeping of a notebook that is being executed.

    papermill saves the notebook when a cell ends and again when the next one starts, which is at once. Here the first
    of the two is left out, except after the last cell and after one that failed.
    """

    _saves = True

    def save(self, **options: Any) -> None:
        """Save the notebook to its output path, if it has one."""
        if self._saves:
            super().save(**options)

    def cell_complete(self, cell: NotebookNode, cell_index: int | None = None, **options: Any) -> None:
        """Note that a cell has ended."""
        last = cell_index is None or cell_index == len(self.nb.cells) - 1
        self._saves = last or cell.metadata.papermill.get("status") == self.FAILED
        try:
            super().cell_complete(cell, cell_index, **options)
        finally:
            self._saves = True


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
    execution.notebook_start()
    try:
        NBClientEngine.execute_managed_notebook(execution, kernel_name, log_output=log_output, **options)
    except (Exception, KeyboardInterrupt) as error:
        execution.cleanup_pbar()
        execution.notebook_complete()
        mark_failure(execution.nb, error)
        raise
    execution.cleanup_pbar()
    execution.notebook_complete()
    return execution.nb
