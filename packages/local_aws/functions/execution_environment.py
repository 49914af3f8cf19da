"""One function instance: a process that runs AWS's runtime client, and the Runtime API it talks to."""

import contextlib
import shutil
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from local_aws.functions.deployed_function import DeployedFunction
from local_aws.functions.environment_variables import Links
from local_aws.functions.function_logs import FunctionLog, Report, new_stream_name
from local_aws.functions.invocation_result import Outcome, wait_for_end
from local_aws.functions.memory_watch import MemoryWatch
from local_aws.functions.process_start import start_in_sandbox, start_plainly
from local_aws.functions.runtime.events import Exited, Invocation
from local_aws.functions.runtime.runtime_api import RuntimeApi
from local_aws.functions.sandbox import exit_status
from local_aws.processes import kill_marked

_INIT_SECONDS = 10  # what Lambda allows before it starts over within the function's own time


@dataclass(frozen=True)
class Surroundings:
    """What all instances of an embedded AWS share.

    Attributes
    ----------
    owner
        The first part of every instance's mark.
    root
        Private folder; each instance has one of its own in it.
    logs
        A boto3 CloudWatch Logs client.
    has_sandbox
        Deployed code runs in a sandbox.
    """

    endpoint_url: str
    region: str
    owner: str
    root: Path
    logs: Any
    has_sandbox: bool = False


class Instance:
    """A function's process: starts with construction, takes one invocation at a time, ends with `close`."""

    def __init__(self, function: DeployedFunction, around: Surroundings) -> None:
        self.function = function
        identity = uuid.uuid4().hex
        self._mark = f"{around.owner}/{identity}"
        self._folder = around.root / "instances" / identity
        self._folder.mkdir(parents=True)
        output = self._folder / "output.log"
        stream = new_stream_name(function.version)
        self._log = FunctionLog(around.logs, f"/aws/lambda/{function.name}", stream, output)
        self._api = RuntimeApi(function.timeout_seconds)
        self._init_started: float | None = time.monotonic()
        links = Links(around.endpoint_url, around.region, self._api.address, stream, self._mark)
        self._is_sandboxed = around.has_sandbox and function.code.python is not None
        start = start_in_sandbox if self._is_sandboxed else start_plainly
        with output.open("ab") as sink:
            self._process = start(function, links, self._folder, sink)
        self._memory: MemoryWatch | None = None
        if self._is_sandboxed:
            self._memory = MemoryWatch(self._process.pid, function.memory_mb << 20, self._kill)
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def is_alive(self) -> bool:
        """Its process has not ended."""
        return self._process.poll() is None

    def invoke(self, invocation: Invocation) -> tuple[Outcome, str]:
        """Run the function once.

        Returns
        -------
        tuple
            How it ended, and the invocation's log, which can also be read in CloudWatch Logs by then. An instance that
            the outcome calls not reusable is closed already, with all processes that it started.
        """
        self._api.offer(invocation)
        end = wait_for_end(self._api.happenings, invocation.request_id, self.function.timeout_seconds, _INIT_SECONDS)
        duration_seconds = time.monotonic() - end.started
        outcome = end.outcome
        init_seconds = None
        if end.is_taken and self._init_started is not None:
            init_seconds, self._init_started = end.started - self._init_started, None
        used_mb = self._used_mb()
        if not outcome.is_reusable:
            self._kill()
        report = Report(invocation.request_id, duration_seconds, self.function.memory_mb, used_mb, init_seconds)
        lines = [
            f"START RequestId: {invocation.request_id} Version: {self.function.version}",
            *self._log.drain().split("\n"),
            outcome.log_line,
            f"END RequestId: {invocation.request_id}",
            report.line(),
        ]
        self._log.put(lines)
        if not outcome.is_reusable:
            self.close()
        return outcome, "\n".join(line for line in lines if line) + "\n"

    def close(self) -> None:
        """End the process and everything it started; remove its folder."""
        self._kill()
        if self._memory:
            self._memory.stop()
        self._api.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _watch(self) -> None:
        status = self._process.wait()
        self._api.happenings.put(Exited(exit_status(status) if self._is_sandboxed else status))

    def _used_mb(self) -> int:
        """Return the most that a sandbox has held, else what the process holds at this moment, 0 when it has ended."""
        if self._memory:
            return min(self._memory.peak_bytes >> 20, self.function.memory_mb)
        with contextlib.suppress(psutil.Error):
            return int(psutil.Process(self._process.pid).memory_info().rss / 2**20)
        return 0

    def _kill(self) -> None:
        root = None
        if self.is_alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                root = psutil.Process(self._process.pid)
        kill_marked(self._mark, root)
        self._process.wait()
