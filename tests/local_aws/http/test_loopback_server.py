"""A server that ends says nothing of the requests that its end breaks."""

import contextlib
import socket
from http.server import BaseHTTPRequestHandler

import pytest

from local_aws.http.loopback_server import LoopbackServer


class _Broken(BaseHTTPRequestHandler):
    def handle(self) -> None:
        raise ValueError("planted")


@pytest.mark.parametrize("is_ending", [False, True])
def test_a_broken_request_is_reported_unless_the_end_is_expected(
    capsys: pytest.CaptureFixture[str], is_ending: bool
) -> None:
    """The traceback is for those who look for a fault, not for those who press Ctrl-C."""
    server = LoopbackServer(0, _Broken)
    server.start()
    if is_ending:
        server.silence_errors()
    with socket.create_connection(("127.0.0.1", server.port)) as connection, contextlib.suppress(ConnectionError):
        connection.recv(1)
    server.stop()
    assert ("planted" in capsys.readouterr().err) is not is_ending
