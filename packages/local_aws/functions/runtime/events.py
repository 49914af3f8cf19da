"""What passes between a function instance's runtime and us."""

from dataclasses import dataclass

MAX_RESPONSE_BYTES = 6 * 1024 * 1024 + 100  # AWS's own figure


@dataclass(frozen=True)
class Invocation:
    """One event for a function.

    Attributes
    ----------
    client_context
        JSON text that the caller sent along, or nothing.
    """

    request_id: str
    function_arn: str
    payload: bytes
    client_context: str = ""


@dataclass(frozen=True)
class Taken:
    """The runtime took an invocation: its clock starts.

    Attributes
    ----------
    deadline
        `time.time` at which it is out of time.
    """

    deadline: float


@dataclass(frozen=True)
class Answered:
    """The runtime answered; `is_error` when its function, or its own start, failed."""

    body: bytes
    is_error: bool = False
    is_init_error: bool = False


@dataclass(frozen=True)
class TooLarge:
    """The runtime's answer was larger than Lambda allows."""

    n_bytes: int


@dataclass(frozen=True)
class Exited:
    """The runtime's process ended; `status` as in `subprocess`: negative for a signal."""

    status: int


Happening = Taken | Answered | TooLarge | Exited
