"""Run one notebook headless with papermill, keep what was executed, and answer with the notebook's result."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from lambda_wrappers.kernel_environment import prepare_kernel_environment

prepare_kernel_environment()
# jsonschema, which papermill imports, would load the grammar of a format that nothing here checks, for a second. The
# layers do not have it; a developer's environment does.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

# ruff: noqa: E402 - papermill and what it imports look at the environment
import boto3
import papermill
from aws_lambda_powertools import Logger

import warm_kernels
from etl.errors import EtlError, NotebookError, ReportError
from lambda_wrappers.failures import named_error
from lambda_wrappers.imports import imported_modules
from lambda_wrappers.parameters import check_parameters
from lambda_wrappers.run_folder import RunFolder, reason

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
LONGEST_MARGIN_SECONDS, SHORTEST_MARGIN_SECONDS = 10.0, 1.5
# what is made of the executed notebook is made within the margin, if so much of it is left
LEAVING_SECONDS = 1.0

# the kernel warns at each start that loopback is not encrypted; nobody else is inside a Lambda
KERNEL_ARGUMENTS = ("--IPKernelApp.log_level=ERROR",)

logger = Logger(service="device-operation-history")
# the package lies beside this one in Lambda, but is not installed there
warm_kernels.register()


def start_kernels(notebook_name: str) -> None:
    """Start, in Lambda's INIT phase, the zygote with the notebook's imports, and the first kernel.

    ``WARM_KERNELS=off`` in the function's environment switches back to stock kernels. Outside Lambda this does nothing.
    """
    if "LAMBDA_TASK_ROOT" in os.environ:
        modules = imported_modules(NOTEBOOKS / notebook_name)
        warm_kernels.start(modules, standby=1, extra_arguments=KERNEL_ARGUMENTS)


class Context(Protocol):
    """What we need of Lambda's context object."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends this invocation."""


@dataclass(frozen=True)
class Executed:
    """A notebook that was executed, as far as it got.

    Attributes
    ----------
    name
        The one that it was kept under, or would have been, beside those of earlier tries.
    content
        nbformat 4 in JSON; None if the kernel did not start.
    result
        What its cell tagged ``result`` shows; None if it failed.
    failure
        Why it failed, else None.
    beside
        The names of the run's other objects so far.
    """

    name: str
    content: bytes | None
    result: dict[str, Any] | None
    failure: EtlError | None
    beside: frozenset[str]


@dataclass(frozen=True)
class Left:
    """A further object of the run, to be kept beside its executed notebook."""

    content: bytes
    content_type: str


def run_notebook(
    notebook_name: str,
    parameters: Mapping[str, Any],
    *,
    bucket: str,
    prefix: str,
    context: Context,
    leave: Callable[[Executed], Mapping[str, Left]] | None = None,
) -> dict[str, Any]:
    """Execute a notebook and return the dict that its cell tagged ``result`` shows.

    The executed notebook is uploaded to ``s3://<bucket>/<prefix><notebook_name>`` whatever happens: also when a cell
    raises, the kernel dies, or the Lambda's time is nearly up. An earlier try's notebook is kept beside it.

    Parameters
    ----------
    notebook_name
        A file in ``notebooks/``; the handler's constant, never a value from the event.
    parameters
        The parameters that the notebook declares; those with a default for every run may be left out.
    bucket, prefix
        Where the executed notebook goes.
    context
        Lambda's context; the notebook is stopped early enough to upload what there is.
    leave
        Makes further objects of the executed notebook, by name; called whether it passed or failed. They are kept as
        the notebook is: beside those of earlier tries.

    Raises
    ------
    ParametersError
        A parameter is unknown, missing or of a wrong type; no kernel was started.
    KernelDiedError, NotebookTimeoutError
        The notebook could not be finished.
    NotebookError
        A cell raised something that is none of our errors, or there is no result.
    ReportError
        The notebook passed, but what `leave` makes could not be made or kept. After a failure of the notebook itself
        that is only logged.
    EtlError
        Whichever of our errors a cell raised. Each names the notebook, the cell and where the executed notebook lies.
    """
    remaining = context.get_remaining_time_in_millis() / 1000
    margin = min(LONGEST_MARGIN_SECONDS, max(SHORTEST_MARGIN_SECONDS, remaining / 10))
    deadline = time.monotonic() + remaining - margin
    source = NOTEBOOKS / notebook_name
    check_parameters(source, parameters)
    # its client is made now: at the end there may be no time for it
    folder = RunFolder(boto3.client("s3"), bucket, prefix)
    with tempfile.TemporaryDirectory() as temporary:
        executed = Path(temporary) / notebook_name
        started = time.monotonic()
        result: dict[str, Any] | None = None
        failure: EtlError | None = None
        try:
            _execute(source, executed, parameters, deadline)
            result = _result(executed)
        except EtlError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - whatever papermill raises gets a name of ours
            failure = named_error(error, executed)
        finally:
            kept, uri = _keep(folder, executed)
            logger.info(
                "notebook executed",
                notebook=notebook_name,
                seconds=round(time.monotonic() - started, 3),
                executed=uri,
                error=type(failure).__name__ if failure else None,
            )
        content = executed.read_bytes() if executed.exists() else None
    left = ""
    if leave:
        try:
            left = _leave(leave, folder, Executed(kept, content, result, failure, folder.names()), context)
        except Exception as error:
            logger.exception("report not left", notebook=notebook_name)
            failure = failure or ReportError(f"{notebook_name}: passed, but left no report; found {reason(error)}.")
    if failure:
        # the message is the whole story: a traceback through papermill would only hide it
        raise type(failure)(f"{failure}{left} Executed notebook: {uri}") from None
    return result or {}


def _execute(source: Path, executed: Path, parameters: Mapping[str, Any], deadline: float) -> None:
    def seconds_left(_cell: Any = None) -> float:
        return max(deadline - time.monotonic(), 0.1)

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


def _keep(folder: RunFolder, executed: Path) -> tuple[str, str]:
    """Keep the executed notebook; return its name, and where it lies or why it does not.

    Never raises, so that no failure hides another.
    """
    if not executed.exists():
        return executed.name, "none, the kernel did not start"
    try:
        name = folder.keep(executed.name, executed.read_bytes(), "application/x-ipynb+json")
    except Exception as error:  # noqa: BLE001 - see above
        logger.warning("executed notebook not kept", notebook=executed.name, reason=reason(error))
        return executed.name, f"not kept ({reason(error)})"
    return name, folder.uri(name)


def _leave(
    leave: Callable[[Executed], Mapping[str, Left]], folder: RunFolder, executed: Executed, context: Context
) -> str:
    """Make and keep further objects of the executed notebook; return words that say where they lie."""
    if context.get_remaining_time_in_millis() < LEAVING_SECONDS * 1000:
        raise ReportError("no time for it. Raise the timeout of its Lambda.")
    kept = [folder.keep(name, left.content, left.content_type) for name, left in leave(executed).items()]
    return "".join(f" {name.partition('.')[0].capitalize()}: {folder.uri(name)}" for name in kept)
