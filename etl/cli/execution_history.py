"""Follow an execution of a state machine, state by state, as it happens."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Step:
    """A state that was left, or a try of it that failed and is made again.

    Attributes
    ----------
    name
        The state.
    seconds
        Wall time since it was entered.
    retried_after
        The error that makes the state machine try again; None when the state is over.
    """

    name: str
    seconds: float
    retried_after: str | None = None


@dataclass(frozen=True)
class Outcome:
    """How an execution ended: `output` when it succeeded, else the name of the `error` and its `cause` in words."""

    succeeded: bool
    output: dict[str, Any]
    error: str
    cause: str


def follow(stepfunctions: Any, execution_arn: str) -> Iterator[Step]:
    """Yield each state as the execution leaves it, until the execution has ended.

    Parameters
    ----------
    stepfunctions
        A boto3 client.
    execution_arn
        A running or ended execution.
    """
    n_seen, name, entered, failed_with = 0, "", datetime.min, None  # noqa: DTZ901 - replaced before it is used
    while True:
        running = stepfunctions.describe_execution(executionArn=execution_arn)["status"] == "RUNNING"
        pages = stepfunctions.get_paginator("get_execution_history").paginate(executionArn=execution_arn)
        events = [event for page in pages for event in page["events"]]
        for event in events[n_seen:]:
            kind, at = event["type"], event["timestamp"]
            if kind.endswith("StateEntered"):
                name, entered = event["stateEnteredEventDetails"]["name"], at
            elif kind in ("TaskFailed", "TaskTimedOut"):
                failed_with = event.get("taskFailedEventDetails", {}).get("error", "States.Timeout")
            elif kind == "TaskScheduled" and failed_with:
                yield Step(name, (at - entered).total_seconds(), retried_after=failed_with)
                failed_with = None
            elif kind.endswith("StateExited") or kind == "ExecutionFailed":
                yield Step(name, (at - entered).total_seconds())
                failed_with = None
        n_seen = len(events)
        if not running:
            return
        time.sleep(POLL_SECONDS)


def outcome(stepfunctions: Any, execution_arn: str) -> Outcome:
    """Return how an ended execution ended; a Lambda's error, which is JSON, is reduced to its message."""
    ended = stepfunctions.describe_execution(executionArn=execution_arn)
    output = json.loads(ended.get("output") or "{}")
    cause = ended.get("cause") or ""
    with contextlib.suppress(ValueError, KeyError, TypeError):
        cause = json.loads(cause)["errorMessage"]
    return Outcome(ended["status"] == "SUCCEEDED", output, ended.get("error") or ended["status"], cause)
