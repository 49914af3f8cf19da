"""What an execution environment's runtime is given, and what it reports."""

from dataclasses import dataclass

MAX_RESPONSE_BYTES = 6 * 1024 * 1024 + 100  # AWS's own figure


@dataclass(frozen=True)
class Invocation:
    """One event for a function; `client_context` is JSON text from the caller, or empty."""

    request_id: str
    function_arn: str
    payload: bytes
    client_context: str = ""


@dataclass(frozen=True)
class InvocationTaken:
    """The runtime took an invocation: the function's time-out starts."""


@dataclass(frozen=True)
class ResponsePosted:
    """The runtime posted a response; `is_init_error` when the handler's module failed to load."""

    body: bytes
    is_error: bool = False
    is_init_error: bool = False


@dataclass(frozen=True)
class ResponseTooLarge:
    """The runtime posted a response that is larger than Lambda allows."""

    n_bytes: int


@dataclass(frozen=True)
class RuntimeExited:
    """The runtime's process ended; `status` as in `subprocess`: negative for a signal."""

    status: int


RuntimeEvent = InvocationTaken | ResponsePosted | ResponseTooLarge | RuntimeExited
