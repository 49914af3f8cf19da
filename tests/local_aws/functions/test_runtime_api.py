"""Tests of the Runtime API, without a runtime."""

import http.client
import time
from collections.abc import Iterator

import pytest

from local_aws.functions.runtime.events import (
    MAX_RESPONSE_BYTES,
    Invocation,
    InvocationTaken,
    ResponsePosted,
    ResponseTooLarge,
)
from local_aws.functions.runtime.runtime_api import RuntimeApi

_PREFIX = "/2018-06-01/runtime"


@pytest.fixture
def api() -> Iterator[RuntimeApi]:
    """Serve one with a time-out of 3 seconds."""
    served = RuntimeApi(timeout_seconds=3)
    yield served
    served.stop()


def ask(api: RuntimeApi, method: str, path: str, body: bytes | None = None) -> http.client.HTTPResponse:
    """Send one request as a runtime would."""
    connection = http.client.HTTPConnection(api.address, timeout=5)
    connection.request(method, f"{_PREFIX}{path}", body)
    return connection.getresponse()


def test_an_invocation_comes_with_its_headers(api: RuntimeApi) -> None:
    """Sends an invocation with its headers; the deadline counts from when the runtime takes it."""
    api.offer(Invocation("id-1", "arn:f", b'{"a": 1}', '{"custom": {}}'))
    answer = ask(api, "GET", "/invocation/next")
    assert answer.read() == b'{"a": 1}'
    assert answer.headers["Lambda-Runtime-Aws-Request-Id"] == "id-1"
    assert answer.headers["Lambda-Runtime-Invoked-Function-Arn"] == "arn:f"
    assert answer.headers["Lambda-Runtime-Client-Context"] == '{"custom": {}}'
    remaining = int(answer.headers["Lambda-Runtime-Deadline-Ms"]) / 1000 - time.time()
    assert 2 < remaining <= 3
    assert isinstance(api.events.get(timeout=1), InvocationTaken)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/invocation/id-1/response", ResponsePosted(b"{}")),
        ("/invocation/id-1/error", ResponsePosted(b"{}", is_error=True)),
        ("/init/error", ResponsePosted(b"{}", is_error=True, is_init_error=True)),
    ],
)
def test_an_answer_is_reported(api: RuntimeApi, path: str, expected: ResponsePosted) -> None:
    """Distinguishes a result, a function's error and a failed start."""
    assert ask(api, "POST", path, b"{}").status == 202
    assert api.events.get(timeout=1) == expected


def test_an_answer_that_is_too_large_is_rejected(api: RuntimeApi) -> None:
    """Rejects a response above the limit with status 413, as Lambda does."""
    assert ask(api, "POST", "/invocation/id-1/response", bytes(MAX_RESPONSE_BYTES + 1)).status == 413
    assert api.events.get(timeout=1) == ResponseTooLarge(MAX_RESPONSE_BYTES + 1)


def test_anything_else_is_not_found(api: RuntimeApi) -> None:
    """Answers any other GET with status 404."""
    assert ask(api, "GET", "/other").status == 404
