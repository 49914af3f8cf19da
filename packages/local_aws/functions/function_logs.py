"""Write the output of an execution environment to CloudWatch Logs."""

import contextlib
import time
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_BATCH_EVENTS = 1000


def report_line(
    request_id: str, duration_seconds: float, memory_mb: int, used_mb: int, init_seconds: float | None = None
) -> str:
    r"""Return an invocation's REPORT line; `init_seconds` belongs to an execution environment's first invocation.

    Examples
    --------
    >>> report_line("ab-1", 0.0123, 128, 40).split("\t")[1:3]
    ['Duration: 12.30 ms', 'Billed Duration: 13 ms']
    """
    milliseconds = duration_seconds * 1000
    parts = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {milliseconds:.2f} ms",
        f"Billed Duration: {int(milliseconds) + 1} ms",
        f"Memory Size: {memory_mb} MB",
        f"Max Memory Used: {used_mb} MB",
    ]
    if init_seconds is not None:
        parts.append(f"Init Duration: {init_seconds * 1000:.2f} ms")
    return "\t".join(parts)


def new_stream_name(version: str) -> str:
    """Return a new log stream's name in Lambda's style: day (UTC), the function's version, a unique id."""
    return f"{time.strftime('%Y/%m/%d', time.gmtime())}/[{version}]{uuid.uuid4().hex}"


class FunctionLog:
    """The log stream of one execution environment.

    Parameters
    ----------
    client
        A boto3 CloudWatch Logs client.
    group, stream
        The names; both are created with the first lines.
    output
        The file with the stdout and stderr of the execution environment.
    """

    def __init__(self, client: Any, group: str, stream: str, output: Path) -> None:
        self._client = client
        self._names = {"logGroupName": group, "logStreamName": stream}
        self._output = output
        self._offset = 0
        self._exists = False

    def read_new_output(self) -> str:
        """Return the output since the last call.

        A process writes all output of an invocation to the file before it posts the response, so none is missing.
        """
        try:
            with self._output.open("rb") as output:
                output.seek(self._offset)
                new = output.read()
        except FileNotFoundError:  # the embedded AWS ends, and has removed its folder
            return ""
        self._offset += len(new)
        return new.decode("utf-8", errors="replace")

    def put(self, lines: Iterable[str]) -> None:
        """Write lines that are not blank to the log stream; they can be read there when this returns."""
        if not self._exists:
            with contextlib.suppress(self._client.exceptions.ResourceAlreadyExistsException):
                self._client.create_log_group(logGroupName=self._names["logGroupName"])
            self._client.create_log_stream(**self._names)
            self._exists = True
        # awslambdaric joins the lines of a traceback with carriage returns.
        messages = [text for line in lines if (text := line.rstrip("\n").replace("\r", "\n")).strip()]
        now_ms = int(time.time() * 1000)
        for start in range(0, len(messages), _BATCH_EVENTS):
            batch = [{"timestamp": now_ms, "message": text} for text in messages[start : start + _BATCH_EVENTS]]
            self._client.put_log_events(**self._names, logEvents=batch)
