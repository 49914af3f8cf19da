"""The Lambda Runtime API of one function instance.

The protocol is AWS's for custom runtimes (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html): the runtime
asks for the next invocation, which blocks until there is one, and posts its result or its error.
"""

import queue
import time
from dataclasses import dataclass, field

from local_aws.functions.runtime.events import MAX_RESPONSE_BYTES, Answered, Happening, Invocation, Taken, TooLarge
from local_aws.http.http_message import HttpAnswer, read_body, write_answer
from local_aws.http.loopback_server import LoopbackServer, QuietHandler

_PREFIX = "/2018-06-01/runtime"
_ACCEPTED = HttpAnswer(202, b'{"status":"OK"}', {"Content-Type": "application/json"})
_TOO_LARGE = HttpAnswer(413, b'{"errorType":"RequestEntityTooLarge"}', {"Content-Type": "application/json"})


@dataclass
class RuntimeApi:
    """Serves the Runtime API to one instance and reports what happens.

    Attributes
    ----------
    happenings
        What the runtime did, in order; its process's end may be put here, too.
    """

    timeout_seconds: float
    happenings: "queue.SimpleQueue[Happening]" = field(default_factory=queue.SimpleQueue)
    _invocations: "queue.SimpleQueue[Invocation | None]" = field(default_factory=queue.SimpleQueue)

    def __post_init__(self) -> None:
        """Listen on a free port."""
        self._server = LoopbackServer(0, _handler_for(self))
        self._server.start()

    @property
    def address(self) -> str:
        """Host and port, as ``AWS_LAMBDA_RUNTIME_API`` names them."""
        return f"127.0.0.1:{self._server.port}"

    def offer(self, invocation: Invocation) -> None:
        """Hand an invocation to the runtime as soon as it asks for one."""
        self._invocations.put(invocation)

    def stop(self) -> None:
        """Stop listening; a runtime that still waits gets no invocation."""
        self._invocations.put(None)
        self._server.stop()

    def next_invocation(self) -> HttpAnswer:
        """Wait for an invocation; its deadline counts from now, so that the instance's start does not use it up."""
        invocation = self._invocations.get()
        if invocation is None:
            return HttpAnswer(410)
        taken = Taken(deadline=time.time() + self.timeout_seconds)
        self.happenings.put(taken)
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int(taken.deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
        }
        if invocation.client_context:
            headers["Lambda-Runtime-Client-Context"] = invocation.client_context
        return HttpAnswer(200, invocation.payload, headers)

    def answered(self, path: str, body: bytes) -> HttpAnswer:
        """Take what the runtime posted."""
        is_init_error = path == f"{_PREFIX}/init/error"
        is_error = is_init_error or path.endswith("/error")
        if not is_error and len(body) > MAX_RESPONSE_BYTES:
            self.happenings.put(TooLarge(len(body)))
            return _TOO_LARGE
        self.happenings.put(Answered(body, is_error=is_error, is_init_error=is_init_error))
        return _ACCEPTED


def _handler_for(api: RuntimeApi) -> type[QuietHandler]:
    class Handler(QuietHandler):
        def do_GET(self) -> None:  # noqa: N802 - the base class looks for it
            is_next = self.path == f"{_PREFIX}/invocation/next"
            write_answer(self, api.next_invocation() if is_next else HttpAnswer(404))

        def do_POST(self) -> None:  # noqa: N802 - the base class looks for it
            write_answer(self, api.answered(self.path, read_body(self.rfile, self.headers)))

    return Handler
