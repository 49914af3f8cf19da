"""The Lambda Runtime API of one execution environment.

The protocol is AWS's for custom runtimes (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html): the runtime
asks for the next invocation, which blocks until there is one, and posts its response or its error.
"""

import queue
import time
from dataclasses import dataclass, field

from local_aws.functions.runtime.events import (
    MAX_RESPONSE_BYTES,
    Invocation,
    InvocationTaken,
    ResponsePosted,
    ResponseTooLarge,
    RuntimeEvent,
)
from local_aws.http.http_message import HttpAnswer, read_body, write_answer
from local_aws.http.loopback_server import LoopbackServer, QuietHandler

_PREFIX = "/2018-06-01/runtime"
_JSON = {"Content-Type": "application/json"}


@dataclass
class RuntimeApi:
    """Serves the Runtime API on a free loopback port.

    Attributes
    ----------
    events
        What the runtime did, in order; the owner may add the end of the runtime's process.
    """

    timeout_seconds: float
    events: "queue.SimpleQueue[RuntimeEvent]" = field(default_factory=queue.SimpleQueue)
    _invocations: "queue.SimpleQueue[Invocation | None]" = field(default_factory=queue.SimpleQueue)

    def __post_init__(self) -> None:
        """Start to listen."""
        self._server = LoopbackServer(0, _handler_for(self))
        self._server.start()

    @property
    def address(self) -> str:
        """Host and port, the value of ``AWS_LAMBDA_RUNTIME_API``."""
        return f"127.0.0.1:{self._server.port}"

    def offer(self, invocation: Invocation) -> None:
        """Pass an invocation to the runtime as soon as the runtime asks for one."""
        self._invocations.put(invocation)

    def stop(self) -> None:
        """Stop listening; a waiting runtime gets no invocation."""
        self._invocations.put(None)
        self._server.stop()

    def next_invocation(self) -> HttpAnswer:
        """Wait for an invocation; its deadline counts from now, not from the start of the execution environment."""
        invocation = self._invocations.get()
        if invocation is None:
            return HttpAnswer(410)
        self.events.put(InvocationTaken())
        headers = {
            **_JSON,
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + self.timeout_seconds) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
        }
        if invocation.client_context:
            headers["Lambda-Runtime-Client-Context"] = invocation.client_context
        return HttpAnswer(200, invocation.payload, headers)

    def accept_response(self, path: str, body: bytes) -> HttpAnswer:
        """Turn what the runtime posted into an event."""
        is_init_error = path == f"{_PREFIX}/init/error"
        is_error = is_init_error or path.endswith("/error")
        if not is_error and len(body) > MAX_RESPONSE_BYTES:
            self.events.put(ResponseTooLarge(len(body)))
            return HttpAnswer(413, b'{"errorType":"RequestEntityTooLarge"}', _JSON)
        self.events.put(ResponsePosted(body, is_error=is_error, is_init_error=is_init_error))
        return HttpAnswer(202, b'{"status":"OK"}', _JSON)


def _handler_for(api: RuntimeApi) -> type[QuietHandler]:
    class Handler(QuietHandler):
        def do_GET(self) -> None:  # noqa: N802 - the base class looks for it
            is_next = self.path == f"{_PREFIX}/invocation/next"
            write_answer(self, api.next_invocation() if is_next else HttpAnswer(404))

        def do_POST(self) -> None:  # noqa: N802 - the base class looks for it
            write_answer(self, api.accept_response(self.path, read_body(self.rfile, self.headers)))

    return Handler
