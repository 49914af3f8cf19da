"""The endpoint for clients: runs functions itself and forwards everything else to moto."""

import itertools
import json
import uuid
from http.server import BaseHTTPRequestHandler

from local_aws.gateway.forwarding import Forwarder
from local_aws.gateway.lambda_api import LambdaApi, is_invocation
from local_aws.gateway.request_guard import config_denial_reason, denial_reason, is_moto_config
from local_aws.http.http_message import BrokenBodyError, Headers, HttpAnswer, body_pieces, read_body, write_answer
from local_aws.http.loopback_server import LoopbackServer, QuietHandler
from local_aws.iam.access_control import AccessControl
from local_aws.iam.aws_calls import needs_body
from local_aws.iam.credentials import signer

_DRAINED_PIECES = 16
_STARTS = ("AWSStepFunctions.StartExecution", "AWSStepFunctions.StartSyncExecution")


class Gateway(LoopbackServer):
    """A server on loopback in front of moto.

    It listens from construction on (port 0: a free one), because moto needs its port; requests wait until `open`.
    """

    def __init__(self, port: int) -> None:
        super().__init__(port, _Handler)
        self._forwarder: Forwarder
        self._lambda_api: LambdaApi
        self._access_control: AccessControl

    def open(self, forwarder: Forwarder, lambda_api: LambdaApi, access_control: AccessControl) -> None:
        """Serve in the background."""
        self._forwarder = forwarder
        self._lambda_api = lambda_api
        self._access_control = access_control
        self.start()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        method, target, headers = handler.command, handler.path, handler.headers
        if reason := denial_reason(method, target, headers):
            return _refuse(handler, _text(403, reason))
        body = read_body(handler.rfile, headers) if _is_read_first(method, target, headers) else None
        if refusal := self._access_control.refusal(method, target, headers, body or b""):
            return _refuse(handler, refusal, is_read=body is not None)
        if is_invocation(method, target):
            return write_answer(handler, self._lambda_api.invoke(target, headers, body or b""))
        if is_moto_config(target) and method == "POST":
            return self._configure(handler)
        if body is not None and headers.get("X-Amz-Target") in _STARTS:
            body = _with_execution_name(body)
        self._forwarder.forward(handler, body)
        return self._access_control.forget_policies(method, target, headers)

    def _configure(self, handler: BaseHTTPRequestHandler) -> None:
        body = read_body(handler.rfile, handler.headers)
        try:
            reason = config_denial_reason(json.loads(body))
        except ValueError:
            reason = "/moto-api/config: not JSON"
        if reason:
            write_answer(handler, _text(403, reason))
        else:
            self._forwarder.forward(handler, body)


def _is_read_first(method: str, target: str, headers: Headers) -> bool:
    """Tell whether a request's body is read before it is decided what becomes of the request."""
    return (
        is_invocation(method, target)
        or headers.get("X-Amz-Target") in _STARTS
        or needs_body(signer(target, headers)[1])
    )


def _refuse(handler: BaseHTTPRequestHandler, answer: HttpAnswer, *, is_read: bool = False) -> None:
    """Answer without forwarding, and end the connection when the body is not read."""
    if not is_read:
        handler.close_connection = True
        for _ in itertools.islice(body_pieces(handler.rfile, handler.headers), _DRAINED_PIECES):
            pass  # closing with an unread body would reset the connection before the client reads the answer
    write_answer(handler, answer)


def _with_execution_name(body: bytes) -> bytes:
    """Add a unique name to an execution without one, as AWS does; moto would call each of them "None"."""
    try:
        request = json.loads(body)
    except ValueError:
        return body
    if isinstance(request, dict) and not request.get("name"):
        request["name"] = str(uuid.uuid4())
        return json.dumps(request).encode()
    return body


class _Handler(QuietHandler):
    server: Gateway

    def serve(self) -> None:
        try:
            self.server.answer(self)
        except BrokenBodyError as error:
            self.close_connection = True
            write_answer(self, _text(400, str(error)))
        except ConnectionRefusedError:
            self.close_connection = True
            write_answer(self, _text(502, "gateway: moto does not answer; it has ended. Start the embedded AWS again."))

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_CONNECT = do_TRACE = serve  # noqa: N815


def _text(status: int, text: str) -> HttpAnswer:
    return HttpAnswer(status, f"{text}\n".encode(), {"Content-Type": "text/plain; charset=utf-8"})
