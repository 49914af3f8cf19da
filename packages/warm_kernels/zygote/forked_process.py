"""The owner's handle on a forked kernel: the part of ``subprocess.Popen`` that jupyter_client uses."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence
from typing import Any

from warm_kernels.errors import ForkFailedError, ZygoteDiedError
from warm_kernels.ipc import Channel, Message

FORK_SECONDS = 10.0


class ForkedProcess:
    """A kernel process whose parent is the zygote.

    Attributes
    ----------
    args
        The command that it stands for.
    pid
        Its process id, also its process group and session.
    returncode
        None while it runs; then the exit code, negative for a signal.
    """

    # as of a Popen without pipes
    stdin = stdout = stderr = None

    def __init__(self, channel: Channel, args: Sequence[str]) -> None:
        self._channel = channel
        self.args = list(args)
        self.pid = 0
        self.returncode: int | None = None

    def wait_for_start(self) -> None:
        """Wait until the process has its own environment, folder and session.

        Raises
        ------
        ForkFailedError
            There is no such process; the message has the reason.
        ZygoteDiedError
            Nobody answers.
        """
        if not self.pid:
            self.pid = int(self.ask("pid"))

    def ask(self, key: str, message: Message | None = None, descriptors: Sequence[int] = ()) -> Any:
        """Send a message to the process, if there is one to send, and return what it answers under a key.

        Raises
        ------
        ForkFailedError, ZygoteDiedError
            As `wait_for_start` does.
        """
        try:
            if message is not None:
                self._channel.send(message, descriptors, timeout=FORK_SECONDS)
            answer = self._channel.receive(FORK_SECONDS)
        except (OSError, EOFError) as error:
            self.abandon()
            raise ZygoteDiedError(f"zygote: gave no answer within {FORK_SECONDS:g} s, or has ended.") from error
        if key not in answer:
            self.abandon()
            raise ForkFailedError(f"zygote: no kernel; {answer.get('refused', answer)}.")
        return answer[key]

    def abandon(self) -> None:
        """Hang up on a process that nobody will use, and end it."""
        if self.pid and self.returncode is None:
            with contextlib.suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)
        self._channel.hang_up()

    def let_go(self) -> None:
        """Close this process's end and leave everything as it is; for a fork of the owner."""
        self._channel.close()

    def poll(self) -> int | None:
        """Return the exit code, None while the process runs."""
        with contextlib.suppress(TimeoutError):
            self._read_exit(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the process to end and return its exit code.

        Raises
        ------
        subprocess.TimeoutExpired
            It runs on after `timeout` seconds.
        """
        try:
            return self._read_exit(timeout)
        except TimeoutError as error:
            raise subprocess.TimeoutExpired(self.args, timeout or 0) from error

    async def ended(self) -> int:
        """Wait, without blocking the event loop, for the process to end and return its exit code."""
        loop = asyncio.get_running_loop()
        while (code := self.poll()) is None:
            readable = loop.create_future()
            loop.add_reader(self._channel.fileno(), readable.cancel)
            try:
                await asyncio.wait([readable])
            finally:
                loop.remove_reader(self._channel.fileno())
        return code

    def _read_exit(self, timeout: float | None) -> int:
        if self.returncode is None:
            try:
                self.returncode = int(self._channel.receive(timeout)["exit"])
            except EOFError:
                # the zygote died, and nobody watches over this kernel any more
                with contextlib.suppress(OSError):
                    os.killpg(self.pid, signal.SIGKILL)
                self.returncode = -signal.SIGKILL
            self._channel.hang_up()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask the process to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the process."""
        self.send_signal(signal.SIGKILL)
