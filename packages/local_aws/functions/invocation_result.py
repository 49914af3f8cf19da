"""How an invocation ends, in the words of AWS Lambda."""

import json
import queue
import signal
import time
from dataclasses import dataclass

from local_aws.functions.runtime.events import (
    MAX_RESPONSE_BYTES,
    InvocationTaken,
    ResponsePosted,
    ResponseTooLarge,
    RuntimeEvent,
    RuntimeExited,
)


@dataclass(frozen=True)
class InvocationResult:
    """How an invocation ended.

    Attributes
    ----------
    payload
        The function's response, or a JSON object that describes the error.
    is_error
        The payload describes an error.
    log_line
        What Lambda itself writes to the log.
    is_reusable
        The execution environment can take another invocation.
    """

    payload: bytes
    is_error: bool = False
    log_line: str = ""
    is_reusable: bool = True


def wait_for_result(
    events: "queue.SimpleQueue[RuntimeEvent]", request_id: str, timeout_seconds: float, init_seconds: float
) -> tuple[InvocationResult, float | None]:
    """Wait until an invocation ends.

    Parameters
    ----------
    events
        What the runtime reports.
    timeout_seconds
        The function's time-out; it counts from when the runtime takes the invocation.
    init_seconds
        How much longer an execution environment that is still starting may take.

    Returns
    -------
    tuple
        The result, and the `time.monotonic` at which the runtime took the invocation, None if it never did.
    """
    taken_at = None
    deadline = time.monotonic() + timeout_seconds + init_seconds
    while True:
        try:
            event = events.get(timeout=max(deadline - time.monotonic(), 0))
        except queue.Empty:
            return timed_out(request_id, timeout_seconds), taken_at
        match event:
            case InvocationTaken():
                taken_at = time.monotonic()
                deadline = taken_at + timeout_seconds
            case ResponsePosted(body, is_error, is_init_error):
                return InvocationResult(body, is_error, is_reusable=not is_init_error), taken_at
            case ResponseTooLarge(n_bytes):
                message = f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."
                return _error("Function.ResponseSizeTooLarge", message, f"{message} Found {n_bytes} bytes."), taken_at
            case RuntimeExited(status):
                return exited(request_id, status), taken_at


def timed_out(request_id: str, timeout_seconds: float) -> InvocationResult:
    """Return the result of a function that used up its time.

    Examples
    --------
    >>> timed_out("ab-1", 3).payload
    b'{"errorType": "Sandbox.Timedout", "errorMessage": "RequestId: ab-1 Error: Task timed out after 3.00 seconds"}'
    """
    message = f"Task timed out after {timeout_seconds:.2f} seconds"
    return _error("Sandbox.Timedout", f"RequestId: {request_id} Error: {message}", f"{request_id} {message}")


def exited(request_id: str, status: int) -> InvocationResult:
    """Return the result of a runtime whose process ended; `status` as in `subprocess`.

    Examples
    --------
    >>> exited("ab-1", -9).log_line
    'RequestId: ab-1 Error: Runtime exited with error: signal: killed'
    """
    if status < 0:
        reason = f"Runtime exited with error: signal: {(signal.strsignal(-status) or str(-status)).lower()}"
    elif status:
        reason = f"Runtime exited with error: exit status {status}"
    else:
        reason = "Runtime exited without providing a reason"
    message = f"RequestId: {request_id} Error: {reason}"
    return _error("Runtime.ExitError", message, message)


def _error(error_type: str, message: str, log_line: str) -> InvocationResult:
    payload = json.dumps({"errorType": error_type, "errorMessage": message}).encode()
    return InvocationResult(payload, is_error=True, log_line=log_line, is_reusable=False)
