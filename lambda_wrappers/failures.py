"""Turn what papermill raises into one of our errors."""

from __future__ import annotations

import json
from pathlib import Path

from nbclient.exceptions import CellTimeoutError
from papermill.exceptions import PapermillExecutionError

from etl.errors import EtlError, KernelDiedError, NotebookError, NotebookTimeoutError, leaves

LONGEST_MESSAGE = 2_000  # characters; a Lambda error and an SNS message stay readable


def named_error(error: Exception, executed: Path) -> EtlError:
    """Return the error of ours that stands for `error`.

    A cell that raised one of our errors gives that very class, so that Retry and Catch can match it.

    Parameters
    ----------
    error
        What ``papermill.execute_notebook`` raised.
    executed
        The notebook as far as it got, with the error marked in it.
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
    return kind(f"{executed.name}, {_failed_cell(executed)}: {what}")


def _failed_cell(executed: Path) -> str:
    """Return the name of the cell that is marked as failed."""
    cells = json.loads(executed.read_text(encoding="utf-8"))["cells"] if executed.exists() else []
    for cell in cells:
        if cell["metadata"].get("papermill", {}).get("status") == "failed":
            return f"cell In [{cell['execution_count']}]"
    return "before its first cell"
