"""Bring what a function instance writes to CloudWatch Logs."""

import contextlib
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_BATCH_EVENTS = 1000


@dataclass(frozen=True)
class Report:
    """The figures of an invocation's REPORT line.

    Attributes
    ----------
    init_seconds
        How long the instance took to start, when this invocation was its first.
    """

    request_id: str
    duration_seconds: float
    memory_mb: int
    used_mb: int
    init_seconds: float | None = None

    def line(self) -> str:
        r"""Return the line as Lambda writes it.

        Examples
        --------
        >>> Report("ab-1", 0.0123, 128, 40).line().split("\t")[1:3]
        ['Duration: 12.30 ms', 'Billed Duration: 13 ms']
        """
        milliseconds = self.duration_seconds * 1000
        parts = [
            f"REPORT RequestId: {self.request_id}",
            f"Duration: {milliseconds:.2f} ms",
            f"Billed Duration: {int(milliseconds) + 1} ms",
            f"Memory Size: {self.memory_mb} MB",
            f"Max Memory Used: {self.used_mb} MB",
        ]
        if self.init_seconds is not None:
            parts.append(f"Init Duration: {self.init_seconds * 1000:.2f} ms")
        return "\t".join(parts)


def new_stream_name(version: str) -> str:
    """Return a log stream's name in Lambda's style: day (UTC), version, and what tells instances apart."""
    return f"{time.strftime('%Y/%m/%d', time.gmtime())}/[{version}]{uuid.uuid4().hex}"


class FunctionLog:
    """One instance's log stream, fed from the file that its output goes to.

    Parameters
    ----------
    client
        A boto3 CloudWatch Logs client.
    group, stream
        Where the lines go; made with the first ones.
    output
        The file that holds the instance's stdout and stderr.
    """

    def __init__(self, client: Any, group: str, stream: str, output: Path) -> None:
        self._client = client
        self._group = group
        self._stream = stream
        self._output = output
        self._offset = 0
        self._is_made = False

    def drain(self) -> str:
        """Return what the instance has written since the last call.

        A process has handed all its output to the file before it answers, so nothing of an invocation can be late.
        """
        with self._output.open("rb") as output:
            output.seek(self._offset)
            new = output.read()
        self._offset += len(new)
        return new.decode("utf-8", errors="replace")

    def put(self, lines: Iterable[str]) -> None:
        """Write `lines` to the log stream; they can be read when this returns. Blank ones are left out."""
        if not self._is_made:
            self._make()
        now_ms = int(time.time() * 1000)
        # awslambdaric keeps a traceback together with carriage returns.
        events = [
            {"timestamp": now_ms, "message": text}
            for line in lines
            if (text := line.rstrip("\n").replace("\r", "\n")).strip()
        ]
        for start in range(0, len(events), _BATCH_EVENTS):
            self._client.put_log_events(
                logGroupName=self._group, logStreamName=self._stream, logEvents=events[start : start + _BATCH_EVENTS]
            )

    def _make(self) -> None:
        with contextlib.suppress(self._client.exceptions.ResourceAlreadyExistsException):
            self._client.create_log_group(logGroupName=self._group)
        self._client.create_log_stream(logGroupName=self._group, logStreamName=self._stream)
        self._is_made = True
