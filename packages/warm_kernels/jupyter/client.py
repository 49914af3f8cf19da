"""A kernel client that waits for messages instead of fixed times."""

from __future__ import annotations

import time
from queue import Empty
from typing import Any

import zmq
import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from traitlets import default

# by default libzmq retries a refused connection after 100 ms; a forked kernel listens some 50 ms after its start
RECONNECT_MILLISECONDS = 2

_REPLY_SECONDS = 1.0  # then check whether the kernel process runs; the request stays queued
_SUBSCRIBED_SECONDS = 0.02


def quick_context() -> zmq.asyncio.Context:
    """Return a context whose sockets connect soon after the kernel listens."""
    context = zmq.asyncio.Context()
    context.setsockopt(zmq.RECONNECT_IVL, RECONNECT_MILLISECONDS)
    return context


class WarmKernelClient(AsyncKernelClient):
    """jupyter_client's asynchronous client without its fixed waits.

    ``wait_for_ready`` returns when the kernel has answered and a message has arrived on the output channel;
    jupyter_client also waits until that channel was silent for 200 ms. There is no heartbeat thread: a client with a
    manager asks the manager whether the kernel process runs.
    """

    @default("context")
    def _context_default(self) -> zmq.asyncio.Context:
        self._created_context = True
        return quick_context()

    def start_channels(
        self, shell: bool = True, iopub: bool = True, stdin: bool = True, hb: bool = False, control: bool = True
    ) -> None:
        """Start the channels; by default without the heartbeat."""
        super().start_channels(shell=shell, iopub=iopub, stdin=stdin, hb=hb, control=control)

    async def wait_for_ready(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - jupyter_client's
        """Wait until the kernel answers and its output arrives.

        Parameters
        ----------
        timeout
            Seconds; None waits without a limit.

        Raises
        ------
        RuntimeError
            The kernel died, or did not answer in time; with jupyter_client's messages.
        """
        deadline = time.monotonic() + (float("inf") if timeout is None else timeout)
        requests = {self.kernel_info()}
        while not await self._answered(min(_REPLY_SECONDS, deadline - time.monotonic())):
            await self._check(deadline, timeout)
        while not await self._subscribed(requests):
            await self._check(deadline, timeout)
            requests.add(self.kernel_info())

    async def _answered(self, seconds: float) -> bool:
        message = await _message(self.shell_channel, seconds)
        if message is None or message["msg_type"] != "kernel_info_reply":
            return False
        self._handle_kernel_info_reply(message)
        return True

    async def _subscribed(self, requests: set[str]) -> bool:
        """Tell whether output arrives: the kernel's welcome, or the status of one of our requests."""
        while message := await _message(self.iopub_channel, _SUBSCRIBED_SECONDS):
            ours = message["parent_header"].get("msg_id") in requests
            idle = message["content"].get("execution_state") == "idle"
            if message["msg_type"] == "iopub_welcome" or (ours and idle):
                return True
        return False

    async def _check(self, deadline: float, limit: float | None) -> None:
        if not await self.is_alive():
            raise RuntimeError("Kernel died before replying to kernel_info")
        if time.monotonic() > deadline:
            raise RuntimeError(f"Kernel didn't respond in {limit:g} seconds")


async def _message(channel: Any, seconds: float) -> dict[str, Any] | None:
    try:
        message: dict[str, Any] = await channel.get_msg(timeout=max(seconds, 0))
    except Empty:
        return None
    return message
