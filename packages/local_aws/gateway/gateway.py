"""The endpoint that clients talk to: it runs functions itself and leaves the rest to moto."""

import itertools
import json
import uuid
from http.server import BaseHTTPRequestHandler

from local_aws.gateway.forwarding import Forwarder
from local_aws.gateway.lambda_api import LambdaApi, is_invocation
from local_aws.gateway.request_guard import config_refusal, is_config, refusal
from local_aws.http.http_message import BrokenBodyError, HttpAnswer, body_pieces, read_body, write_answer
from local_aws.http.loopback_server import LoopbackServer, QuietHandler

_DRAINED_PIECES = 16
_STARTS = ("AWSStepFunctions.StartExecution", "AWSStepFunctions.StartSyncExecution")


class Gateway:
    """A server on loopback in front of moto.

    It listens from construction on, so that its port is known before moto's; requests wait until `start`.

    Parameters
    ----------
    port
        0 for a free one.

    Raises
    ------
    OSError
        The port is taken.
    """

    def __init__(self, port: int) -> None:
        self._server = LoopbackServer(port, _handler_for(self))
        self._forwarder: Forwarder
        self._lambda_api: LambdaApi

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._server.port

    def start(self, forwarder: Forwarder, lambda_api: LambdaApi) -> None:
        """Serve in the background."""
        self._forwarder = forwarder
        self._lambda_api = lambda_api
        self._server.start()

    def expect_end(self) -> None:
        """Say nothing from now on of requests that break."""
        self._server.expect_end()

    def stop(self) -> None:
        """Stop listening and end all connections."""
        self._server.stop()

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        reason = refusal(handler.command, handler.path, handler.headers)
        if reason:
            handler.close_connection = True
            for _ in itertools.islice(body_pieces(handler.rfile, handler.headers), _DRAINED_PIECES):
                pass  # an unread body would reset the connection before the client has read the answer
            write_answer(handler, _text(403, reason))
        elif is_invocation(handler.command, handler.path):
            payload = read_body(handler.rfile, handler.headers)
            write_answer(handler, self._lambda_api.invoke(handler.path, handler.headers, payload))
        elif is_config(handler.path) and handler.command == "POST":
            self._configure(handler)
        elif handler.headers.get("X-Amz-Target") in _STARTS:
            body = read_body(handler.rfile, handler.headers)
            self._forwarder.forward(handler, _with_execution_name(body))
        else:
            self._forwarder.forward(handler)

    def _configure(self, handler: BaseHTTPRequestHandler) -> None:
        body = read_body(handler.rfile, handler.headers)
        try:
            reason = config_refusal(json.loads(body))
        except ValueError:
            reason = "/moto-api/config: not JSON"
        if reason:
            write_answer(handler, _text(403, reason))
        else:
            self._forwarder.forward(handler, body)


def _with_execution_name(body: bytes) -> bytes:
    """Give an execution the name that AWS would make up; moto calls each of them "None"."""
    try:
        request = json.loads(body)
    except ValueError:
        return body
    if isinstance(request, dict) and not request.get("name"):
        request["name"] = str(uuid.uuid4())
        return json.dumps(request).encode()
    return body


def _handler_for(gateway: Gateway) -> type[QuietHandler]:
    class Handler(QuietHandler):
        def serve(self) -> None:
            try:
                gateway.serve(self)
            except BrokenBodyError as error:
                self.close_connection = True
                write_answer(self, _text(400, str(error)))
            except ConnectionRefusedError:
                self.close_connection = True
                write_answer(
                    self, _text(502, "gateway: moto does not answer; it has ended. Start the embedded AWS again.")
                )

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_CONNECT = do_TRACE = serve  # noqa: N815

    return Handler


def _text(status: int, text: str) -> HttpAnswer:
    return HttpAnswer(status, f"{text}\n".encode(), {"Content-Type": "text/plain; charset=utf-8"})
