"""How an invocation ended, in the words of AWS Lambda."""

import json
import queue
import signal
import time
from dataclasses import dataclass

from local_aws.functions.runtime.events import MAX_RESPONSE_BYTES, Answered, Exited, Happening, Taken, TooLarge


@dataclass(frozen=True)
class Outcome:
    """How an invocation ended.

    Attributes
    ----------
    payload
        The function's result, or a JSON object that says what went wrong.
    is_error
        The payload is an error's.
    log_line
        What Lambda itself has to say in the log.
    is_reusable
        The instance can take another invocation.
    """

    payload: bytes
    is_error: bool = False
    log_line: str = ""
    is_reusable: bool = True


@dataclass(frozen=True)
class Ended:
    """The end of an invocation.

    Attributes
    ----------
    started
        `time.monotonic` at which the runtime took it, or at which we began to wait if it never did.
    is_taken
        The runtime took it.
    """

    outcome: Outcome
    started: float
    is_taken: bool


def wait_for_end(
    happenings: "queue.SimpleQueue[Happening]", request_id: str, timeout_seconds: float, init_seconds: float
) -> Ended:
    """Wait until an invocation ends, in whatever way.

    Parameters
    ----------
    happenings
        What its instance does.
    timeout_seconds
        The function's time; it counts from when the runtime takes the invocation.
    init_seconds
        What an instance that still starts may use beyond that.
    """
    started, is_taken = time.monotonic(), False
    allowed_seconds = timeout_seconds + init_seconds
    while True:
        try:
            happening = happenings.get(timeout=max(started + allowed_seconds - time.monotonic(), 0))
        except queue.Empty:
            return Ended(timed_out(request_id, timeout_seconds), started, is_taken)
        match happening:
            case Taken():
                started, is_taken, allowed_seconds = time.monotonic(), True, timeout_seconds
            case Answered(body, is_error, is_init_error):
                return Ended(Outcome(body, is_error, is_reusable=not is_init_error), started, is_taken)
            case TooLarge(n_bytes):
                return Ended(too_large(n_bytes), started, is_taken)
            case Exited(status):
                return Ended(exited(request_id, status), started, is_taken)


def timed_out(request_id: str, timeout_seconds: float) -> Outcome:
    """Return the outcome of a function that used up its time.

    Examples
    --------
    >>> timed_out("ab-1", 3).payload
    b'{"errorType": "Sandbox.Timedout", "errorMessage": "RequestId: ab-1 Error: Task timed out after 3.00 seconds"}'
    """
    message = f"Task timed out after {timeout_seconds:.2f} seconds"
    return _failed("Sandbox.Timedout", f"RequestId: {request_id} Error: {message}", f"{request_id} {message}")


def exited(request_id: str, status: int) -> Outcome:
    """Return the outcome of a runtime whose process ended; `status` as in `subprocess`.

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
    return _failed("Runtime.ExitError", message, message)


def too_large(n_bytes: int) -> Outcome:
    """Return the outcome of a function whose response of `n_bytes` is larger than Lambda allows."""
    message = f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."
    return _failed("Function.ResponseSizeTooLarge", message, f"{message} Found {n_bytes} bytes.")


def _failed(error_type: str, message: str, log_line: str) -> Outcome:
    payload = json.dumps({"errorType": error_type, "errorMessage": message}).encode()
    return Outcome(payload, is_error=True, log_line=log_line, is_reusable=False)
