"""Run one notebook headless, upload the executed notebook and what is made of it, and answer with its result."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import boto3
from aws_lambda_powertools import Logger

from etl.errors import EtlError, ReportError
from lambda_wrappers.notebook_execution import NOTEBOOKS, execute
from lambda_wrappers.parameters import check_parameters
from lambda_wrappers.run_folder import Artifact, RunFolder, reason

# of a Lambda's time, the part that is left for uploads when the notebook is stopped
MIN_MARGIN_SECONDS, MAX_MARGIN_SECONDS = 1.5, 10.0
# artifacts are made within the margin, if there is still so much time
MIN_ARTIFACT_SECONDS = 1.0

logger = Logger(service="device-operation-history")


class Context(Protocol):
    """The part of Lambda's context object that is used here."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends this invocation."""


@dataclass(frozen=True)
class ExecutedNotebook:
    """A notebook that was executed, as far as it got.

    Attributes
    ----------
    name
        Its file name in the run's folder, in which earlier tries may have left theirs.
    content
        nbformat 4 in JSON; None if the kernel did not start.
    result
        The dict that its cell tagged ``result`` shows; None if it failed.
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


MakeArtifacts = Callable[[ExecutedNotebook], Mapping[str, Artifact]]


def run_notebook(
    notebook_name: str,
    parameters: Mapping[str, Any],
    *,
    bucket: str,
    prefix: str,
    context: Context,
    make_artifacts: MakeArtifacts | None = None,
) -> dict[str, Any]:
    """Execute a notebook and return the dict that its cell tagged ``result`` shows.

    The executed notebook is uploaded to ``s3://<bucket>/<prefix><notebook_name>`` in every case: also when a cell
    raises, the kernel dies, or the Lambda's time is nearly up. It never replaces the notebook of an earlier try.

    Parameters
    ----------
    notebook_name
        A file in ``notebooks/``; the handler's constant, never a value from the event.
    parameters
        The parameters that the notebook declares; those with a default for every run may be left out.
    bucket, prefix
        The run's folder.
    context
        Lambda's context; the notebook is stopped early enough to upload it.
    make_artifacts
        Returns further objects for the run's folder by name; called with passed and with failed notebooks.

    Raises
    ------
    ParametersError
        A parameter is unknown, missing or of a wrong type; no kernel was started.
    ReportError
        The notebook passed, but its artifacts could not be made or uploaded. If the notebook itself failed, that is
        only logged.
    EtlError
        The notebook failed, see `lambda_wrappers.notebook_execution.execute`. The message names the notebook, the cell
        and the address of the executed notebook.
    """
    remaining = context.get_remaining_time_in_millis() / 1000
    margin = min(MAX_MARGIN_SECONDS, max(MIN_MARGIN_SECONDS, remaining / 10))
    deadline = time.monotonic() + remaining - margin
    source = NOTEBOOKS / notebook_name
    check_parameters(source, parameters)
    # creates its client now: at the end there may be no time for it
    folder = RunFolder(boto3.client("s3"), bucket, prefix)
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / notebook_name
        started = time.monotonic()
        result: dict[str, Any] | None = None
        failure: EtlError | None = None
        try:
            result = execute(source, path, parameters, deadline=deadline)
        except EtlError as error:
            failure = error
        finally:
            content = path.read_bytes() if path.exists() else None
            name, uri = _upload(folder, notebook_name, content)
            logger.info(
                "notebook executed",
                notebook=notebook_name,
                seconds=round(time.monotonic() - started, 3),
                executed=uri,
                error=type(failure).__name__ if failure else None,
            )
    artifact_uris = ""
    if make_artifacts:
        try:
            executed = ExecutedNotebook(name, content, result, failure, folder.names())
            artifact_uris = _upload_artifacts(make_artifacts, folder, executed, context)
        except Exception as error:
            logger.exception("report not left", notebook=notebook_name)
            failure = failure or ReportError(f"{notebook_name}: passed, but left no report; found {reason(error)}.")
    if failure:
        # the message says it all: a traceback through papermill would only hide it
        raise type(failure)(f"{failure}{artifact_uris} Executed notebook: {uri}") from None
    return result or {}


def _upload(folder: RunFolder, notebook_name: str, content: bytes | None) -> tuple[str, str]:
    """Upload the executed notebook; return its name, and its address or why there is none.

    Never raises, so that no failure hides another.
    """
    if content is None:
        return notebook_name, "none, the kernel did not start"
    try:
        name = folder.put(notebook_name, Artifact(content, "application/x-ipynb+json"))
    except Exception as error:  # noqa: BLE001 - see above
        logger.warning("executed notebook not kept", notebook=notebook_name, reason=reason(error))
        return notebook_name, f"not kept ({reason(error)})"
    return name, folder.uri(name)


def _upload_artifacts(
    make_artifacts: MakeArtifacts, folder: RunFolder, executed: ExecutedNotebook, context: Context
) -> str:
    """Make and upload the artifacts of an executed notebook; return their addresses as the end of a message."""
    if context.get_remaining_time_in_millis() < MIN_ARTIFACT_SECONDS * 1000:
        raise ReportError("no time for it. Raise the timeout of its Lambda.")
    names = [folder.put(name, artifact) for name, artifact in make_artifacts(executed).items()]
    return "".join(f" {name.partition('.')[0].capitalize()}: {folder.uri(name)}" for name in names)
