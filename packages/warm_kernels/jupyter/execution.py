"""papermill's execution of one notebook, with half of its saves and with every failure marked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nbformat import NotebookNode
from papermill.engines import NBClientEngine, NotebookExecutionManager

from warm_kernels.jupyter.failure_marks import mark_failure


class Execution(NotebookExecutionManager):  # type: ignore[misc]
    """papermill's bookkeeping of a notebook that is being executed.

    papermill saves the notebook when a cell ends, and again when the next one starts, which is at once; text cells
    count. Here it is saved once for each code cell, while the kernel is at work on it, and when a cell has failed.
    """

    _saves = True

    def save(self, **options: Any) -> None:
        """Save the notebook to its output path, if it has one."""
        if self._saves:
            super().save(**options)

    def cell_start(self, cell: NotebookNode, cell_index: int | None = None, **options: Any) -> None:
        """Note that a cell has started; `cell_sent` saves."""
        self._saves = False
        try:
            super().cell_start(cell, cell_index, **options)
        finally:
            self._saves = True

    def cell_sent(self, **_options: Any) -> None:
        """Save while the kernel works; nbclient calls this right after it has sent a cell."""
        self.save()

    def cell_complete(self, cell: NotebookNode, cell_index: int | None = None, **options: Any) -> None:
        """Note that a cell has ended; the next one, or the notebook's end, saves."""
        self._saves = cell.metadata.papermill.get("status") == self.FAILED
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
    # nbclient's name for a hook that it calls when it has sent the cell; one of the caller's comes after ours
    options["on_cell_complete"] = _both(execution.cell_sent, options.get("on_cell_complete"))
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


def _both(first: Callable[..., None], second: Callable[..., Any] | None) -> Callable[..., Any]:
    def hook(**arguments: Any) -> Any:
        first(**arguments)
        return second(**arguments) if second else None  # nbclient awaits what it must

    return hook
