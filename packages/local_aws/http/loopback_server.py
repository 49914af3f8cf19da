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
    """HTTP/1.1 with persistent connections; no log, no delay for small packets."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
        """Write nothing; errors are in the answers."""

    def handle(self) -> None:
        """Serve one connection until it ends; a client that disconnects is no error."""
        with contextlib.suppress(ConnectionError):
            super().handle()


class LoopbackServer(socketserver.ThreadingTCPServer):
    """Listens from construction on (port 0: a free one); serves after `start`; `stop` ends all its connections.

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
        self._is_silent = False
        self._thread = threading.Thread(target=self.serve_forever, args=(_POLL_SECONDS,), daemon=True)
        super().__init__((LOOPBACK, port), handler)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.server_address[1])

    def start(self) -> None:
        """Serve in the background."""
        self._thread.start()

    def silence_errors(self) -> None:
        """Report no more broken requests: the services behind them are being stopped."""
        self._is_silent = True

    def stop(self) -> None:
        """Stop listening and end every connection."""
        self.silence_errors()
        if self._thread.is_alive():
            self.shutdown()
        self.server_close()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print the traceback of a broken request, unless errors are silenced."""
        if not self._is_silent:
            super().handle_error(request, client_address)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection while it lives."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection."""
        self._connections.discard(request)
        super().shutdown_request(request)
