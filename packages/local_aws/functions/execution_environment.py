"""One execution environment: a process that runs AWS's runtime client, and the Runtime API that it talks to."""

import contextlib
import shutil
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from local_aws.environment import aws_environment
from local_aws.functions.deployed_function import DeployedFunction
from local_aws.functions.function_logs import FunctionLog, new_stream_name, report_line
from local_aws.functions.invocation_result import InvocationResult, wait_for_result
from local_aws.functions.memory_watch import MemoryWatch
from local_aws.functions.process_start import start_process
from local_aws.functions.runtime.events import Invocation, RuntimeExited
from local_aws.functions.runtime.runtime_api import RuntimeApi
from local_aws.functions.sandbox import exit_status
from local_aws.iam.credentials import RoleCredentials
from local_aws.processes import ID_VARIABLE, kill_processes

_INIT_SECONDS = 10  # how long Lambda lets INIT take before it starts again within the function's own time


@dataclass(frozen=True)
class HostContext:
    """What all execution environments of an embedded AWS share.

    Attributes
    ----------
    owner
        The first part of each execution environment's id.
    root
        Private folder; each execution environment has a folder of its own in it.
    logs
        A boto3 CloudWatch Logs client.
    credentials
        Issues the credentials of each execution environment.
    has_sandbox
        Deployed code runs in a sandbox.
    """

    endpoint_url: str
    region: str
    owner: str
    root: Path
    logs: Any
    credentials: RoleCredentials
    has_sandbox: bool = False


class ExecutionEnvironment:
    """A function's process: starts with construction, takes one invocation at a time, ends with `close`."""

    def __init__(self, function: DeployedFunction, host: HostContext) -> None:
        self.function = function
        identity = uuid.uuid4().hex
        self._id = f"{host.owner}/{identity}"
        self._folder = host.root / "execution-environments" / identity
        self._folder.mkdir(parents=True)
        output = self._folder / "output.log"
        stream = new_stream_name(function.version)
        self._log = FunctionLog(host.logs, function.log_group, stream, output)
        self._api = RuntimeApi(function.timeout_seconds)
        self._init_started: float | None = time.monotonic()
        reserved = {
            **aws_environment(host.endpoint_url, host.region),
            **host.credentials.issue(function.role_arn, function.name),
            "AWS_LAMBDA_LOG_STREAM_NAME": stream,
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            ID_VARIABLE: self._id,
        }
        self._is_sandboxed = host.has_sandbox and function.code.python is not None
        with output.open("ab") as sink:
            self._process = start_process(function, reserved, self._folder, sink, is_sandboxed=self._is_sandboxed)
        self._memory: MemoryWatch | None = None
        if self._is_sandboxed:
            self._memory = MemoryWatch(self._process.pid, function.memory_mb << 20, self._kill)
        threading.Thread(target=self._report_exit, daemon=True).start()

    @property
    def is_alive(self) -> bool:
        """Its process has not ended."""
        return self._process.poll() is None

    def invoke(self, invocation: Invocation) -> tuple[InvocationResult, str]:
        """Run the function once.

        Returns
        -------
        tuple
            The result, and the invocation's log, which is in CloudWatch Logs by then, too. When the result is not
            reusable, the execution environment is closed already, with all processes that it started.
        """
        started = time.monotonic()
        self._api.offer(invocation)
        timeout_seconds = self.function.timeout_seconds
        result, taken_at = wait_for_result(self._api.events, invocation.request_id, timeout_seconds, _INIT_SECONDS)
        duration_seconds = time.monotonic() - (taken_at or started)
        init_seconds = None
        if taken_at and self._init_started is not None:
            init_seconds, self._init_started = taken_at - self._init_started, None
        used_mb = self._used_mb()
        if not result.is_reusable:
            self._kill()
        lines = [
            f"START RequestId: {invocation.request_id} Version: {self.function.version}",
            *self._log.read_new_output().split("\n"),
            result.log_line,
            f"END RequestId: {invocation.request_id}",
            report_line(invocation.request_id, duration_seconds, self.function.memory_mb, used_mb, init_seconds),
        ]
        self._log.put(lines)
        if not result.is_reusable:
            self.close()
        return result, "\n".join(line for line in lines if line) + "\n"

    def close(self) -> None:
        """End the process and everything that it started; remove its folder."""
        self._kill()
        if self._memory:
            self._memory.stop()
        self._api.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _report_exit(self) -> None:
        status = self._process.wait()
        self._api.events.put(RuntimeExited(exit_status(status) if self._is_sandboxed else status))

    def _used_mb(self) -> int:
        """Return the peak memory of a sandbox, else the present memory of the process, 0 when it has ended."""
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
        kill_processes(self._id, root)
        self._process.wait()
