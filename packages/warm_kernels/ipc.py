"""Messages between the owner, its zygote and the forked kernels: one JSON object a line, with file descriptors."""

from __future__ import annotations

import array
import contextlib
import json
import os
import socket
from collections.abc import Sequence
from typing import Any

Message = dict[str, Any]

_PIECE = 65_536  # bytes
_MOST_DESCRIPTORS = 8
_NEVER_INHERITED = getattr(socket, "MSG_CMSG_CLOEXEC", 0)


class Channel:
    """One end of a Unix stream socket that carries messages.

    Attributes
    ----------
    descriptors
        File descriptors that came with messages and that nobody has taken yet, in order.
    """

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._received = b""
        self.descriptors: list[int] = []

    @classmethod
    def pair(cls) -> tuple[Channel, Channel]:
        """Return the two ends of a new channel; neither is inherited by a program that this process starts."""
        one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        return cls(one), cls(other)

    @classmethod
    def of_descriptor(cls, descriptor: int) -> Channel:
        """Return the end that has this file descriptor, which is from now on the channel's to close."""
        os.set_inheritable(descriptor, False)
        return cls(socket.socket(fileno=descriptor))

    def fileno(self) -> int:
        """Return the file descriptor, -1 when closed."""
        return self._socket.fileno()

    def send(self, message: Message, descriptors: Sequence[int] = (), timeout: float | None = None) -> None:
        """Send a message and copies of file descriptors; the caller keeps, and closes, its own.

        Raises
        ------
        OSError
            The other end is closed, or takes nothing for `timeout` seconds.
        """
        data = json.dumps(message).encode() + b"\n"
        self._socket.settimeout(timeout)
        sent = socket.send_fds(self._socket, [data], descriptors) if descriptors else 0
        self._socket.sendall(data[sent:])

    def receive(self, timeout: float | None = None) -> Message:
        """Return the next message; its file descriptors are appended to `descriptors`.

        Parameters
        ----------
        timeout
            Seconds for each piece; None waits for ever, 0 takes only what is there.

        Raises
        ------
        TimeoutError
            No message in time.
        EOFError
            The other end is closed, and there is no message left.
        """
        self._socket.settimeout(timeout)
        while b"\n" not in self._received:
            try:
                piece = self._receive_piece()
            except BlockingIOError as error:  # what a time-out of 0 seconds raises
                raise TimeoutError from error
            except ConnectionError:
                piece = b""
            if not piece:
                raise EOFError
            self._received += piece
        line, self._received = self._received.split(b"\n", 1)
        message: Message = json.loads(line)
        return message

    def _receive_piece(self) -> bytes:
        space = socket.CMSG_SPACE(_MOST_DESCRIPTORS * array.array("i").itemsize)
        piece, ancillary, _flags, _address = self._socket.recvmsg(_PIECE, space, _NEVER_INHERITED)
        for level, kind, data in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                numbers = array.array("i")
                numbers.frombytes(data[: len(data) - len(data) % numbers.itemsize])
                self.descriptors.extend(numbers)
        return piece

    def close_descriptors(self) -> None:
        """Close the file descriptors that nobody has taken."""
        while self.descriptors:
            os.close(self.descriptors.pop())

    def hang_up(self) -> None:
        """Close for good: the other end sees it at once, even if a fork of this process holds a copy."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self.close()

    def close(self) -> None:
        """Close this process's end."""
        self.close_descriptors()
        self._socket.close()
