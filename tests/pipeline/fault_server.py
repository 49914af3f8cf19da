"""A server between a function and the embedded AWS that records requests and answers chosen ones with an S3 error."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass
class Fault:
    """Answer requests whose path contains `path` with an S3 error, `times` times (None: always).

    With the status 200 the request is forwarded, and only the first half of its answer's body comes through.
    `operation` names one of a JSON protocol; its error is then of that protocol.
    """

    path: str
    status: int
    code: str
    times: int | None = None
    operation: str = ""
    n_answered: int = field(default=0, init=False)

    def applies(self, path: str, operation: str) -> bool:
        """Tell whether this request is to fail, and count it."""
        if (
            self.path not in path
            or self.operation not in operation
            or (self.times is not None and self.n_answered >= self.times)
        ):
            return False
        self.n_answered += 1
        return True


@dataclass(frozen=True)
class Request:
    """A request that came by: method, path with query, a JSON protocol's operation, and the object that it copies."""

    method: str
    path: str
    operation: str
    copied: str


@contextmanager
def fault_server(upstream: str, fault: Fault | None = None, seen: list[Request] | None = None) -> Iterator[str]:
    """Yield the address of a server that forwards to `upstream` what `fault` does not answer; `seen` gets it all."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if seen is not None:
                header = self.headers.get
                seen.append(
                    Request(self.command, self.path, header("X-Amz-Target", ""), header("x-amz-copy-source", ""))
                )
            is_hit = fault is not None and fault.applies(self.path, self.headers.get("X-Amz-Target", ""))
            if fault and is_hit and fault.operation:
                text = json.dumps({"__type": f"com.amazonaws#{fault.code}", "message": "planted"}).encode()
                self.reply(fault.status, [("Content-Type", "application/x-amz-json-1.0")], text)
                return
            if fault and is_hit and fault.status != HTTPStatus.OK:
                text = f"<Error><Code>{fault.code}</Code><Message>planted</Message></Error>".encode()
                self.reply(fault.status, [("Content-Type", "application/xml")], text)
                return
            connection = http.client.HTTPConnection(urlsplit(upstream).netloc, timeout=30)
            connection.request(self.command, self.path, body, dict(self.headers))
            response = connection.getresponse()
            content = response.read()
            connection.close()
            if is_hit:
                self.reply(response.status, response.getheaders(), content[: len(content) // 2], n_bytes=len(content))
                self.close_connection = True
                return
            self.reply(response.status, response.getheaders(), content)

        do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = answer  # noqa: N815 - http.server's names

        def reply(
            self, status: int, headers: list[tuple[str, str]], body: bytes, *, n_bytes: int | None = None
        ) -> None:
            self.send_response(status)
            for name, value in headers:
                if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body) if n_bytes is None else n_bytes))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
