"""A threaded HTTP server on loopback that can be stopped together with its connections."""

import contextlib
import socket
import socketserver
import threading
from http.server import BaseHTTPRequestHandler
from typing import Any

from local_aws.environment import LOOPBACK

_POLL_SECONDS = 0.05


class QuietHandler(BaseHTTPRequestHandler):
    """HTTP/1.1 with kept connections; no log, no delay for small packets."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
        """Write nothing; answers say what is wrong."""

    def handle(self) -> None:
        """Serve one connection until it ends, also when the other side just goes away."""
        with contextlib.suppress(ConnectionError):
            super().handle()


class LoopbackServer(socketserver.ThreadingTCPServer):
    """Listens from construction on; serves after `start`; ends all its connections with `stop`.

    Parameters
    ----------
    port
        0 for a free one.
    handler
        Serves a connection.

    Raises
    ------
    OSError
        The port is taken.
    """

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, handler: type[BaseHTTPRequestHandler]) -> None:
        self._connections: set[socket.socket] = set()
        self._is_ending = False
        self._thread = threading.Thread(target=self.serve_forever, args=(_POLL_SECONDS,), daemon=True)
        super().__init__((LOOPBACK, port), handler)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.server_address[1])

    def start(self) -> None:
        """Serve in the background."""
        self._thread.start()

    def expect_end(self) -> None:
        """Say nothing from now on of requests that break: what they need is being ended on purpose."""
        self._is_ending = True

    def stop(self) -> None:
        """Stop listening and end every connection."""
        self.expect_end()
        if self._thread.is_alive():
            self.shutdown()
        self.server_close()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report a request that broke, unless the end is expected."""
        if not self._is_ending:
            super().handle_error(request, client_address)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection while it lives."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection."""
        self._connections.discard(request)
        super().shutdown_request(request)
