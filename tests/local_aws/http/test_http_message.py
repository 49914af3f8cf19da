"""Tests of reading HTTP bodies."""

import io
from email.message import Message

import pytest

from local_aws.http.http_message import PIECE_BYTES, BrokenBodyError, body_pieces, read_body


def headers(**values: str) -> Message:
    """Return headers; underscores stand for hyphens."""
    message = Message()
    for name, value in values.items():
        message[name.replace("_", "-")] = value
    return message


def test_a_body_ends_with_its_length() -> None:
    """Reads as many bytes as Content-Length and leaves the next ones in the stream."""
    stream = io.BytesIO(b"bodyNEXT")
    assert read_body(stream, headers(Content_Length="4")) == b"body"
    assert stream.read() == b"NEXT"


def test_a_chunked_body_ends_with_its_trailers() -> None:
    """Skips chunk extensions and trailers."""
    stream = io.BytesIO(b'3;a="b"\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\nNEXT')
    assert read_body(stream, headers(Transfer_Encoding="Chunked")) == b"abc0123456789"
    assert stream.read() == b"NEXT"


def test_no_length_means_no_body() -> None:
    """Reads no body without Content-Length."""
    assert read_body(io.BytesIO(b"NEXT"), headers()) == b""


def test_a_large_body_comes_in_pieces() -> None:
    """Yields pieces of at most PIECE_BYTES."""
    body = bytes(2 * PIECE_BYTES + 1)
    sizes = [len(piece) for piece in body_pieces(io.BytesIO(body), headers(Content_Length=str(len(body))))]
    assert sizes == [PIECE_BYTES, PIECE_BYTES, 1]


@pytest.mark.parametrize(
    ("body", "values"),
    [
        (b"abc", {"Content_Length": "4"}),
        (b"5\r\nabc", {"Transfer_Encoding": "chunked"}),
        (b"-1\r\nabc\r\n", {"Transfer_Encoding": "chunked"}),
        (b"nonsense\r\n", {"Transfer_Encoding": "chunked"}),
        (b"", {"Transfer_Encoding": "chunked"}),
        (b"abc", {"Content_Length": "x"}),
        (b"abc", {"Content_Length": "-3"}),
    ],
)
def test_a_broken_body_is_an_error(body: bytes, values: dict[str, str]) -> None:
    """Raises an error for a truncated or malformed body."""
    with pytest.raises(BrokenBodyError):
        read_body(io.BytesIO(body), headers(**values))
