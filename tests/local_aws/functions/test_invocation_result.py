"""Tests of how an invocation ends."""

import json
import queue
import threading
import time

import pytest

from local_aws.functions.invocation_result import wait_for_result
from local_aws.functions.runtime.events import (
    InvocationTaken,
    ResponsePosted,
    ResponseTooLarge,
    RuntimeEvent,
    RuntimeExited,
)


def ended(*events: RuntimeEvent) -> tuple[bool, str, bool]:
    """Return the result after these events: is it an error, of which type, is the execution environment reusable."""
    queued: queue.SimpleQueue[RuntimeEvent] = queue.SimpleQueue()
    for event in events:
        queued.put(event)
    result, _ = wait_for_result(queued, "id-1", timeout_seconds=5, init_seconds=0)
    return result.is_error, json.loads(result.payload).get("errorType", ""), result.is_reusable


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([InvocationTaken(), ResponsePosted(b"{}")], (False, "", True)),
        ([InvocationTaken(), ResponsePosted(b'{"errorType": "E"}', is_error=True)], (True, "E", True)),
        (
            [ResponsePosted(b'{"errorType": "I"}', is_error=True, is_init_error=True), RuntimeExited(1)],
            (True, "I", False),
        ),
        ([InvocationTaken(), ResponseTooLarge(7_000_000)], (True, "Function.ResponseSizeTooLarge", False)),
        ([InvocationTaken(), RuntimeExited(1)], (True, "Runtime.ExitError", False)),
        ([RuntimeExited(0)], (True, "Runtime.ExitError", False)),
    ],
)
def test_the_first_end_counts(events: list[RuntimeEvent], expected: tuple[bool, str, bool]) -> None:
    """Returns the first result, reusable only when the runtime is healthy."""
    assert ended(*events) == expected


def test_the_time_counts_from_when_the_runtime_takes_it() -> None:
    """Does not count the start of an execution environment as the function's time."""
    queued: queue.SimpleQueue[RuntimeEvent] = queue.SimpleQueue()
    threading.Timer(0.2, queued.put, [InvocationTaken()]).start()
    started = time.monotonic()
    result, taken_at = wait_for_result(queued, "id-1", timeout_seconds=0.3, init_seconds=5)
    assert b"Sandbox.Timedout" in result.payload
    assert 0.5 <= time.monotonic() - started < 1
    assert taken_at is not None
    assert taken_at - started >= 0.2


def test_an_execution_environment_that_never_starts_times_out() -> None:
    """Times out after the function's time and the time for INIT."""
    result, taken_at = wait_for_result(queue.SimpleQueue(), "id-1", timeout_seconds=0.1, init_seconds=0.1)
    assert b"Sandbox.Timedout" in result.payload
    assert taken_at is None
