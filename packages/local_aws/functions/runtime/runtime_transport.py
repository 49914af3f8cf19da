"""Replace awslambdaric's compiled transport, which is built for one version of Python only.

A function with another version of Python than ours gets this file as ``runtime_client.py`` beside the rest of
awslambdaric; it runs without this package. See https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html.
"""

import http.client
import os
from collections.abc import Mapping

_PREFIX = "/2018-06-01/runtime/invocation"
_FAILED = 400


def initialize_client(_user_agent: str) -> None:
    """Do nothing: each call has a connection of its own."""


def next() -> tuple[bytes, Mapping[str, str]]:  # noqa: A001 - its name in the compiled transport
    """Wait for an invocation; return its event and its headers."""
    return _call("GET", f"{_PREFIX}/next")


def post_invocation_result(invoke_id: str, body: bytes, content_type: str, _invocation_id: object = None) -> None:
    """Send a result."""
    _call("POST", f"{_PREFIX}/{invoke_id}/response", body, {"Content-Type": content_type})


def post_error(invoke_id: str, body: str, xray_cause: str, _invocation_id: object = None) -> None:
    """Send an error: JSON text."""
    headers = {"Content-Type": "application/json", "Lambda-Runtime-Function-XRay-Error-Cause": xray_cause}
    _call("POST", f"{_PREFIX}/{invoke_id}/error", body.encode(), headers)


def _call(
    method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[bytes, Mapping[str, str]]:
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    # 413, a result that is too large, is no failure of this call: the Runtime API reports it.
    if answer.status >= _FAILED and answer.status != http.client.REQUEST_ENTITY_TOO_LARGE:
        raise RuntimeError(f"Runtime API {method} {path}: found status {answer.status}; expected success")
    return content, dict(answer.headers.items())
