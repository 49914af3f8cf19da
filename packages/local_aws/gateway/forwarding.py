"""Forward requests to moto, and its answers to the client, piece by piece."""

import contextlib
import http.client
import tempfile
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler
from typing import IO

from local_aws.environment import is_loopback
from local_aws.errors import UnsafeUpstreamError
from local_aws.http.http_message import NO_BODY_STATUSES, PIECE_BYTES, body_pieces

_IN_MEMORY_BYTES = 8 * 1024 * 1024
# They belong to one connection (RFC 9110, 7.6.1), or are set anew for the next one.
_HOP_BY_HOP = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection"),
        *("te", "trailer", "transfer-encoding", "upgrade", "expect", "content-length"),
    }
)


class Forwarder:
    """Forwards to one server, given by a literal loopback address.

    Each request has a new connection (0.1 ms on loopback): moto's server closes its connections after each answer.

    Raises
    ------
    UnsafeUpstreamError
        The host is not on this machine.
    """

    def __init__(self, host: str, port: int) -> None:
        if not is_loopback(host):
            raise UnsafeUpstreamError(
                f"gateway: it would forward to another machine; found {host!r}; expected loopback"
            )
        self._host = host
        self._port = port

    def forward(self, handler: BaseHTTPRequestHandler, body: bytes | None = None) -> None:
        """Forward a request and send the answer back.

        Parameters
        ----------
        handler
            Has read the request's headers.
        body
            The request's body; `handler` reads it when it is None.

        Raises
        ------
        OSError
            The server cannot be reached; nothing was sent back yet.
        """
        upstream = http.client.HTTPConnection(self._host, self._port)
        try:
            with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as spool:
                pieces, length = _sized(handler, body, spool)
                upstream.putrequest(handler.command, handler.path, skip_host=True, skip_accept_encoding=True)
                for name, value in handler.headers.items():
                    if name.lower() not in _HOP_BY_HOP:
                        upstream.putheader(name, value)
                if length is not None:
                    upstream.putheader("Content-Length", length)
                upstream.endheaders()
                _send(upstream, pieces)
                answer = upstream.getresponse()
            _send_back(handler, answer)
        finally:
            upstream.close()


def _sized(handler: BaseHTTPRequestHandler, body: bytes | None, spool: IO[bytes]) -> tuple[Iterable[bytes], str | None]:
    """Return the body's pieces and its length, None if there is no body.

    moto needs a length: a chunked body is first written to the spool, which is on disk when it is large.
    """
    if body is not None:
        return [body], str(len(body))
    if "Transfer-Encoding" in handler.headers:
        for piece in body_pieces(handler.rfile, handler.headers):
            spool.write(piece)
        length = str(spool.tell())
        spool.seek(0)
        return iter(lambda: spool.read(PIECE_BYTES), b""), length
    return body_pieces(handler.rfile, handler.headers), handler.headers.get("Content-Length")


def _send(upstream: http.client.HTTPConnection, pieces: Iterable[bytes]) -> None:
    """Send a body; a server that answers early may close its connection before the body's end."""
    unsent = iter(pieces)
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        for piece in unsent:
            upstream.send(piece)
    for _ in unsent:
        pass  # read to the end, where the client's next request begins


def _send_back(handler: BaseHTTPRequestHandler, answer: http.client.HTTPResponse) -> None:
    has_body = handler.command != "HEAD" and answer.status not in NO_BODY_STATUSES
    length = answer.getheader("Content-Length")
    is_chunked = has_body and length is None and handler.request_version >= "HTTP/1.1"
    if has_body and length is None and not is_chunked:
        handler.close_connection = True  # the body ends with the connection
    handler.send_response_only(answer.status, answer.reason)
    for name, value in answer.getheaders():
        if name.lower() not in _HOP_BY_HOP:
            handler.send_header(name, value)
    if length is not None:
        handler.send_header("Content-Length", length)  # for HEAD it is the length of what GET would send
    if is_chunked:
        handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    while has_body and (piece := answer.read(PIECE_BYTES)):
        handler.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if is_chunked else piece)
    if is_chunked:
        handler.wfile.write(b"0\r\n\r\n")
