"""Turn the errors of papermill into our own."""

from __future__ import annotations

import json
from pathlib import Path

from nbclient.exceptions import CellTimeoutError
from papermill.exceptions import PapermillExecutionError

from etl.errors import EtlError, KernelDiedError, NotebookError, NotebookTimeoutError, leaves

MAX_MESSAGE_LENGTH = 2_000  # characters, so that a Lambda error and an SNS message stay readable


def named_error(error: Exception, executed: Path) -> EtlError:
    """Return our error for an error of papermill.

    An error of ours that a cell raised keeps its class, so that Retry and Catch can match it.

    Parameters
    ----------
    error
        From ``papermill.execute_notebook``.
    executed
        The notebook as far as it was executed, with the failed cell marked.
    """
    if isinstance(error, PapermillExecutionError):
        kind = leaves().get(error.ename, NotebookError)
        what = error.evalue if kind is not NotebookError else f"{error.ename}: {error.evalue}"
        return kind(f"{executed.name}, cell In [{error.exec_count}]: {what[:MAX_MESSAGE_LENGTH]}")
    if isinstance(error, CellTimeoutError) or "Kernel didn't respond" in str(error):  # the latter at its start
        kind, what = NotebookTimeoutError, "stopped because the time of its Lambda was nearly up. Raise its timeout."
    elif isinstance(error, RuntimeError):  # nbclient's DeadKernelError, and its error for a kernel that never started
        kind, what = KernelDiedError, "its kernel process died, most often for want of memory. Raise its memorySize."
    else:
        kind, what = NotebookError, f"{type(error).__name__}: {error}"[:MAX_MESSAGE_LENGTH]
    return kind(f"{executed.name}, {_failed_cell(executed)}: {what}")


def _failed_cell(executed: Path) -> str:
    """Return the number of the cell that is marked as failed, in words."""
    cells = json.loads(executed.read_text(encoding="utf-8"))["cells"] if executed.exists() else []
    for cell in cells:
        if cell["metadata"].get("papermill", {}).get("status") == "failed":
            return f"cell In [{cell['execution_count']}]"
    return "before its first cell"
