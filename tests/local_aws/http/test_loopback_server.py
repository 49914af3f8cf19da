"""Tests of the server on loopback."""

import contextlib
import socket
from http.server import BaseHTTPRequestHandler

import pytest

from local_aws.http.loopback_server import LoopbackServer


class _Broken(BaseHTTPRequestHandler):
    def handle(self) -> None:
        raise ValueError("planted")


@pytest.mark.parametrize("is_ending", [False, True])
def test_a_broken_request_is_reported_unless_errors_are_silenced(
    capsys: pytest.CaptureFixture[str], is_ending: bool
) -> None:
    """Prints the traceback of a broken request only while the server is not being stopped."""
    server = LoopbackServer(0, _Broken)
    server.start()
    if is_ending:
        server.silence_errors()
    with socket.create_connection(("127.0.0.1", server.port)) as connection, contextlib.suppress(ConnectionError):
        connection.recv(1)
    server.stop()
    assert ("planted" in capsys.readouterr().err) is not is_ending
