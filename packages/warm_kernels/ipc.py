"""Messages between the owner, its zygote and the kernels: one JSON object a line, with file descriptors."""

from __future__ import annotations

import array
import contextlib
import json
import os
import socket
from collections.abc import Sequence
from typing import Any

Message = dict[str, Any]

_BUFFER_BYTES = 65_536
_MAX_DESCRIPTORS = 8
_CLOSE_ON_EXEC = getattr(socket, "MSG_CMSG_CLOEXEC", 0)


class MessageSocket:
    """One end of a Unix stream socket that carries messages.

    Attributes
    ----------
    descriptors
        Received file descriptors, in order. Whoever takes one out must close it; `close` closes the others.
    """

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._received = b""
        self.descriptors: list[int] = []

    @classmethod
    def pair(cls) -> tuple[MessageSocket, MessageSocket]:
        """Return two connected ends; a program that this process starts inherits neither."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        return cls(ours), cls(theirs)

    @classmethod
    def from_descriptor(cls, descriptor: int) -> MessageSocket:
        """Return the end with this file descriptor; `close` closes it."""
        os.set_inheritable(descriptor, False)
        return cls(socket.socket(fileno=descriptor))

    def fileno(self) -> int:
        """Return the file descriptor, -1 when closed."""
        return self._socket.fileno()

    def send(self, message: Message, descriptors: Sequence[int] = (), timeout: float | None = None) -> None:
        """Send a message and copies of file descriptors; the caller closes its own.

        Raises
        ------
        OSError
            The other end is closed, or takes nothing for `timeout` seconds.
        """
        data = json.dumps(message).encode() + b"\n"
        self._socket.settimeout(timeout)
        n_sent = socket.send_fds(self._socket, [data], descriptors) if descriptors else 0
        self._socket.sendall(data[n_sent:])

    def receive(self, timeout: float | None = None) -> Message:
        """Return the next message; its file descriptors are appended to `descriptors`.

        Parameters
        ----------
        timeout
            Seconds for each read; None waits without a limit, 0 does not wait.

        Raises
        ------
        TimeoutError
            No message in time.
        EOFError
            The other end is closed, and every message was received.
        """
        self._socket.settimeout(timeout)
        while b"\n" not in self._received:
            try:
                data = self._read()
            except BlockingIOError as error:  # a time-out of 0 seconds
                raise TimeoutError from error
            except ConnectionError:
                data = b""
            if not data:
                raise EOFError
            self._received += data
        line, self._received = self._received.split(b"\n", 1)
        message: Message = json.loads(line)
        return message

    def _read(self) -> bytes:
        space = socket.CMSG_SPACE(_MAX_DESCRIPTORS * array.array("i").itemsize)
        data, ancillary, _flags, _address = self._socket.recvmsg(_BUFFER_BYTES, space, _CLOSE_ON_EXEC)
        for level, kind, content in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                numbers = array.array("i")
                numbers.frombytes(content[: len(content) - len(content) % numbers.itemsize])
                self.descriptors.extend(numbers)
        return data

    def shutdown(self) -> None:
        """Close both directions: the other end sees it at once, even if a fork of this process has a copy."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self.close()

    def close(self) -> None:
        """Close this process's copy, and the received file descriptors."""
        while self.descriptors:
            os.close(self.descriptors.pop())
        self._socket.close()
