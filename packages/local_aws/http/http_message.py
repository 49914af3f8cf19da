"""Read HTTP bodies from a socket, in pieces, and write answers to a socket."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from io import BufferedIOBase

PIECE_BYTES = 256 * 1024
_MAX_LINE_BYTES = 65536
Headers = Mapping[str, str] | Message
NO_BODY_STATUSES = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


class BrokenBodyError(ValueError):
    """The body ended early, or its chunks are malformed; the connection cannot be used any more."""


@dataclass(frozen=True)
class HttpAnswer:
    """An HTTP response that fits in memory."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def body_pieces(stream: BufferedIOBase, headers: Message) -> Iterator[bytes]:
    """Yield a message's body, its transfer coding removed, in pieces of at most 256 KiB.

    Parameters
    ----------
    stream
        At the body's first byte; afterwards at the first byte behind the body.
    headers
        The message's ``Content-Length`` or ``Transfer-Encoding`` define where the body ends.

    Raises
    ------
    BrokenBodyError
        The stream ended early, or a length in it is malformed.
    """
    if "chunked" in headers.get("Transfer-Encoding", "").lower():
        while size := _chunk_size(stream):
            yield from _exactly(stream, size)
            stream.readline(_MAX_LINE_BYTES)
        while stream.readline(_MAX_LINE_BYTES).strip():
            pass  # trailers
    else:
        length = headers.get("Content-Length", "0")
        if not length.isdecimal():
            raise BrokenBodyError(f"Content-Length: found {length[:20]!r}; expected a number")
        yield from _exactly(stream, int(length))


def read_body(stream: BufferedIOBase, headers: Message) -> bytes:
    """Return a message's whole body; see `body_pieces`."""
    return b"".join(body_pieces(stream, headers))


def write_answer(handler: BaseHTTPRequestHandler, answer: HttpAnswer) -> None:
    """Send `answer` with its length; a HEAD request and a 204 get no body."""
    handler.send_response_only(answer.status)
    for name, value in answer.headers.items():
        handler.send_header(name, value)
    if answer.status not in NO_BODY_STATUSES:
        handler.send_header("Content-Length", str(len(answer.body)))
    if handler.close_connection:
        handler.send_header("Connection", "close")
    handler.end_headers()
    if handler.command != "HEAD" and answer.status not in NO_BODY_STATUSES:
        handler.wfile.write(answer.body)


def _chunk_size(stream: BufferedIOBase) -> int:
    line = stream.readline(_MAX_LINE_BYTES)
    try:
        return int(line.split(b";")[0], 16)
    except ValueError:
        raise BrokenBodyError(f"chunk size: not a hexadecimal number; found {line[:20]!r}") from None


def _exactly(stream: BufferedIOBase, n_bytes: int) -> Iterator[bytes]:
    while n_bytes > 0:
        piece = stream.read(min(n_bytes, PIECE_BYTES))
        if not piece:
            raise BrokenBodyError(f"body: it ended early; found {n_bytes} bytes too few")
        n_bytes -= len(piece)
        yield piece
