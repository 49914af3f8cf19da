"""Tests of how an invocation ends."""

import json
import queue
import threading
import time

import pytest

from local_aws.functions.invocation_result import wait_for_end
from local_aws.functions.runtime.events import Answered, Exited, Happening, Taken, TooLarge


def ended(*happenings: Happening) -> tuple[bool, str, bool]:
    """Wait for the end after these happenings: is it an error, of which type, is the instance reusable."""
    happened: queue.SimpleQueue[Happening] = queue.SimpleQueue()
    for happening in happenings:
        happened.put(happening)
    outcome = wait_for_end(happened, "id-1", timeout_seconds=5, init_seconds=0).outcome
    return outcome.is_error, json.loads(outcome.payload).get("errorType", ""), outcome.is_reusable


@pytest.mark.parametrize(
    ("happenings", "expected"),
    [
        ([Taken(0), Answered(b"{}")], (False, "", True)),
        ([Taken(0), Answered(b'{"errorType": "E"}', is_error=True)], (True, "E", True)),
        ([Answered(b'{"errorType": "I"}', is_error=True, is_init_error=True), Exited(1)], (True, "I", False)),
        ([Taken(0), TooLarge(7_000_000)], (True, "Function.ResponseSizeTooLarge", False)),
        ([Taken(0), Exited(1)], (True, "Runtime.ExitError", False)),
        ([Exited(0)], (True, "Runtime.ExitError", False)),
    ],
)
def test_the_first_end_counts(happenings: list[Happening], expected: tuple[bool, str, bool]) -> None:
    """Only an instance whose runtime is healthy is used again."""
    assert ended(*happenings) == expected


def test_the_time_counts_from_when_the_runtime_takes_it() -> None:
    """An instance's start does not use it up."""
    happened: queue.SimpleQueue[Happening] = queue.SimpleQueue()
    threading.Timer(0.2, happened.put, [Taken(0)]).start()
    started = time.monotonic()
    end = wait_for_end(happened, "id-1", timeout_seconds=0.3, init_seconds=5)
    assert b"Sandbox.Timedout" in end.outcome.payload
    assert 0.5 <= time.monotonic() - started < 1
    assert end.is_taken
    assert end.started - started >= 0.2


def test_an_instance_that_never_starts_is_out_of_time() -> None:
    """After the function's time and what a start may take."""
    end = wait_for_end(queue.SimpleQueue(), "id-1", timeout_seconds=0.1, init_seconds=0.1)
    assert b"Sandbox.Timedout" in end.outcome.payload
    assert not end.is_taken
