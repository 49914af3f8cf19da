"""An execution of the state machine: its states as they end, and its result."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

POLL_SECONDS = 0.1


@dataclass(frozen=True)
class StateTry:
    """The end of a state, or of a failed try of it, which the state machine repeats because of `retried_after`.

    `seconds` is the wall time since the state was entered.
    """

    name: str
    seconds: float
    retried_after: str | None = None


@dataclass(frozen=True)
class ExecutionResult:
    """The result of an execution: its `output` if it succeeded, else the name of the `error` and its `cause`."""

    status: str
    output: dict[str, Any]
    error: str
    cause: str

    @property
    def succeeded(self) -> bool:
        """Whether Step Functions calls it SUCCEEDED."""
        return self.status == "SUCCEEDED"


@dataclass(frozen=True)
class Execution:
    """An execution that was started; `stepfunctions` is a boto3 client, asked again after `poll_seconds`."""

    arn: str
    stepfunctions: Any
    poll_seconds: float = POLL_SECONDS

    @property
    def name(self) -> str:
        """The execution's own name, which names the folder of its run."""
        return self.arn.rsplit(":", 1)[1]

    def follow(self) -> Iterator[StateTry]:
        """Yield each state as it ends, and each failed try that is repeated, until the execution has ended."""
        n_seen, name, entered, failed_with = 0, "", datetime.min, None  # noqa: DTZ901 - replaced before it is used
        while True:
            is_running = self._describe()["status"] == "RUNNING"
            pages = self.stepfunctions.get_paginator("get_execution_history").paginate(executionArn=self.arn)
            events = [event for page in pages for event in page["events"]]
            for event in events[n_seen:]:
                kind, at = event["type"], event["timestamp"]
                if kind.endswith("StateEntered"):
                    name, entered = event["stateEnteredEventDetails"]["name"], at
                elif kind in ("TaskFailed", "TaskTimedOut"):
                    failed_with = event.get("taskFailedEventDetails", {}).get("error", "States.Timeout")
                elif kind == "TaskScheduled" and failed_with:
                    yield StateTry(name, (at - entered).total_seconds(), retried_after=failed_with)
                    failed_with = None
                elif kind.endswith("StateExited") or kind == "ExecutionFailed":
                    yield StateTry(name, (at - entered).total_seconds())
                    failed_with = None
            n_seen = len(events)
            if not is_running:
                return
            time.sleep(self.poll_seconds)

    def result(self) -> ExecutionResult:
        """Return the result of an ended execution; of a Lambda's error, which is JSON, the cause is its message."""
        ended = self._describe()
        output = json.loads(ended.get("output") or "{}")
        cause = ended.get("cause") or ""
        with contextlib.suppress(ValueError, KeyError, TypeError):
            cause = json.loads(cause)["errorMessage"]
        return ExecutionResult(ended["status"], output, ended.get("error") or ended["status"], cause)

    def show(self, print_line: Callable[[str], None]) -> ExecutionResult:
        """Print a line for each state as it ends, and return the result."""
        print_line(f"Execution {self.name}")
        for state in self.follow():
            retried = f"   {state.retried_after}; trying again" if state.retried_after else ""
            print_line(f"  {state.name:<16} {state.seconds:6.1f} s{retried}")
        return self.result()

    def _describe(self) -> dict[str, Any]:
        description: dict[str, Any] = self.stepfunctions.describe_execution(executionArn=self.arn)
        return description
