"""Execute a notebook with papermill in a kernel, and read its result."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# jsonschema, which papermill imports, would load the grammar of a format that nothing here checks, for a second. The
# layers do not have it; a developer's environment does.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def _prepare_environment() -> None:
    """Let Jupyter and matplotlib write to the temporary folder, which alone is writable inside Lambda.

    Must run before papermill is imported. The kernel is a process of its own and does not get this process's
    ``sys.path``: ``PYTHONPATH`` names the folders of the deployment package and its layers, not those of Python itself.
    Outside Lambda, in a test or a shell, the environment is the caller's and does not change.
    """
    if "LAMBDA_TASK_ROOT" not in os.environ:
        return
    temporary = Path(tempfile.gettempdir())
    own_paths = [path for path in sys.path if path and not path.startswith((sys.prefix, sys.base_prefix))]
    os.environ.update(
        HOME=str(temporary),
        IPYTHONDIR=str(temporary / "ipython"),
        MPLCONFIGDIR=str(temporary / "matplotlib"),
        XDG_CACHE_HOME=str(temporary / "cache"),
        PYTHONPATH=os.pathsep.join(path for path in own_paths if Path(path).is_dir()),
        # one kernel, one small CPU share: threads of a linear algebra library would only wait for each other
        OPENBLAS_NUM_THREADS="1",
    )


_prepare_environment()
# ruff: noqa: E402 - papermill and the packages that it imports read the environment
import papermill

import warm_kernels
from etl.errors import EtlError, NotebookError
from lambda_wrappers.failures import named_error
from lambda_wrappers.imports import imported_modules

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
# the kernel warns at each start that loopback is not encrypted; inside a Lambda there is no other user
KERNEL_ARGUMENTS = ("--IPKernelApp.log_level=ERROR",)

# the package lies beside this one in Lambda, but is not installed there
warm_kernels.register()


def start_kernels(notebook_name: str) -> None:
    """Start, in Lambda's INIT phase, the zygote with the notebook's imports, and the first kernel.

    ``WARM_KERNELS=off`` in the function's environment switches back to stock kernels. Outside Lambda this does nothing.
    """
    if "LAMBDA_TASK_ROOT" in os.environ:
        modules = imported_modules(NOTEBOOKS / notebook_name)
        warm_kernels.start(modules, standby=1, extra_arguments=KERNEL_ARGUMENTS)


def execute(source: Path, executed: Path, parameters: Mapping[str, Any], *, deadline: float) -> dict[str, Any]:
    """Execute a notebook and return the dict that its cell tagged ``result`` shows.

    Parameters
    ----------
    source, executed
        The notebook, and where it is written with its outputs, also if it fails.
    parameters
        Those that the notebook declares.
    deadline
        When the execution is stopped, on the clock of `time.monotonic`.

    Raises
    ------
    KernelDiedError, NotebookTimeoutError
        The notebook did not come to its end.
    NotebookError
        A cell raised an error that is not one of ours, or there is no result.
    EtlError
        A cell raised one of our errors.
    """

    def seconds_left(_cell: Any = None) -> float:
        return max(deadline - time.monotonic(), 0.1)

    try:
        papermill.execute_notebook(
            source,
            executed,
            parameters=dict(parameters),
            engine_name="warm",
            kernel_name="python3",
            progress_bar=False,
            start_timeout=max(1, round(seconds_left())),
            # a limit for the notebook as a whole, not for each cell
            timeout_func=seconds_left,
            extra_arguments=list(KERNEL_ARGUMENTS),
        )
        return _result(executed)
    except EtlError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever papermill raises gets a name of ours
        raise named_error(error, executed) from None


def _result(executed: Path) -> dict[str, Any]:
    for cell in json.loads(executed.read_text(encoding="utf-8"))["cells"]:
        if "result" in cell["metadata"].get("tags", []):
            for output in cell.get("outputs", []):
                shown = output.get("data", {}).get("application/json")
                if isinstance(shown, dict):
                    return shown
    raise NotebookError(
        f"{executed.name}: no result; expected a cell tagged 'result' that shows one dict as application/json."
    )
