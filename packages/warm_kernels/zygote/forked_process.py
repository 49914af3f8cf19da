"""The owner's handles on a forked kernel and on a standby kernel."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from warm_kernels.errors import ForkFailedError, ZygoteDiedError
from warm_kernels.ipc import Message, MessageSocket
from warm_kernels.kernel_launch import KernelLaunch

FORK_SECONDS = 10.0


class ForkedProcess:
    """A kernel process whose parent is the zygote: the part of ``subprocess.Popen`` that jupyter_client uses.

    Attributes
    ----------
    pid
        Its process id, also its process group and session; 0 until `wait_for_start` returns.
    returncode
        None while it runs; then the exit code, negative for a signal.
    """

    def __init__(self, connection: MessageSocket) -> None:
        self._socket = connection
        self.pid = 0
        self.returncode: int | None = None

    def wait_for_start(self) -> None:
        """Wait until the process has its own environment, folder and session; errors as of `request`."""
        if not self.pid:
            self.pid = int(self.request("pid"))

    def request(self, key: str, message: Message | None = None, descriptors: Sequence[int] = ()) -> Any:
        """Send a message to the process, if given, and return the value of a key of its next message.

        Raises
        ------
        ForkFailedError
            There is no such process; the message has the reason.
        ZygoteDiedError
            No answer in time.
        """
        try:
            if message is not None:
                self._socket.send(message, descriptors, timeout=FORK_SECONDS)
            answer = self._socket.receive(FORK_SECONDS)
        except (OSError, EOFError) as error:
            self.discard()
            raise ZygoteDiedError(f"zygote: gave no answer within {FORK_SECONDS:g} s, or has ended.") from error
        if key not in answer:
            self.discard()
            raise ForkFailedError(f"zygote: no kernel; {answer.get('refused', answer)}.")
        return answer[key]

    def discard(self) -> None:
        """Kill the process, which nobody will use, and close the socket."""
        if self.pid and self.returncode is None:
            with contextlib.suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)
        self._socket.shutdown()

    def detach(self) -> None:
        """Close only this process's copy of the socket: in a fork of the owner, the kernel is the owner's."""
        self._socket.close()

    def poll(self) -> int | None:
        """Return the exit code, None while the process runs."""
        if self.returncode is None:
            try:
                self.returncode = int(self._socket.receive(0)["exit"])
            except TimeoutError:
                return None
            except EOFError:
                # the zygote died: no process reaps this kernel any more
                with contextlib.suppress(OSError):
                    os.killpg(self.pid, signal.SIGKILL)
                self.returncode = -signal.SIGKILL
            self._socket.shutdown()
        return self.returncode

    async def wait(self) -> int:
        """Wait, without blocking the event loop, for the process to end and return its exit code."""
        loop = asyncio.get_running_loop()
        while (code := self.poll()) is None:
            readable = loop.create_future()
            loop.add_reader(self._socket.fileno(), readable.cancel)
            try:
                await asyncio.wait([readable])
            finally:
                loop.remove_reader(self._socket.fileno())
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)


@dataclass
class StandbyKernel:
    """A kernel forked ahead of time, and the launch without connection file that it was forked for."""

    process: ForkedProcess
    launch: KernelLaunch
    connection: dict[str, Any] = field(default_factory=dict)

    def serves(self, launch: KernelLaunch) -> bool:
        """Tell whether this kernel is what `launch` would give; environment and streams are replaced anyway."""
        wanted = launch.without_connection_file()
        return (wanted.command, wanted.cwd) == (self.launch.command, self.launch.cwd)

    def wait_until_ready(self) -> None:
        """Wait until the kernel runs and has sent its connection; errors as of `ForkedProcess.request`."""
        if not self.connection:
            self.process.wait_for_start()
            self.connection = self.process.request("connection")

    def claim(self, launch: KernelLaunch, connection_file: str) -> ForkedProcess:
        """Give the kernel the environment and streams of `launch`, and return its process; errors as above."""
        self.wait_until_ready()
        self.process.request("claimed", {"env": dict(launch.env), "connection_file": connection_file}, launch.streams)
        return self.process
