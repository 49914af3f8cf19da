"""The kernel applications of forked kernels: ipykernel's own without a stall at its end, and a standby kernel."""

from __future__ import annotations

import os
import sys
from typing import Any

from ipykernel.kernelapp import IPKernelApp
from tornado.ioloop import IOLoop

from warm_kernels.ipc import MessageSocket
from warm_kernels.kernel.process_state import environment_changes, replace_environment

CONTROL_SECONDS = 1.0


class WarmKernelApp(IPKernelApp):
    """ipykernel's application without its stall at a graceful shutdown.

    The control thread answers a shutdown request, lets the main thread go on to its end, and then flushes the output
    through the output thread. The first things that the main thread does at its end are to stop the output thread and
    to join the control thread. If it is quicker, the flush waits ten seconds for the stopped thread; jupyter_client
    sends a SIGTERM after 2.5.
    """

    def start(self) -> None:
        """Run the kernel; at its end stop the control thread while the output thread still runs."""
        try:
            super().start()  # type: ignore[no-untyped-call]
        finally:
            if self.control_thread and self.control_thread.is_alive():
                self.control_thread.stop()
                self.control_thread.join(CONTROL_SECONDS)


class StandbyKernelApp(WarmKernelApp):
    """A kernel that is forked ahead of time, chooses its own ports and waits until the owner claims it.

    The kernel sends its connection to the owner. The owner later sends ``env`` and ``connection_file`` with the
    standard streams, or closes the socket because it does not need the kernel.
    """

    def __init__(self, *, owner: MessageSocket, **options: Any) -> None:
        self._owner = owner
        self._initial_environment = dict(os.environ)
        super().__init__(**options)  # type: ignore[no-untyped-call]

    def init_connection_file(self) -> None:
        """Create no connection file: nobody would remove it if this kernel is killed."""

    def write_connection_file(self, **_options: Any) -> None:
        """Write no connection file; see above."""

    def start(self) -> None:
        """Send the connection to the owner, then run; end if the owner has closed the socket meanwhile."""
        IOLoop.current().add_handler(self._owner.fileno(), self._on_claim, IOLoop.READ)
        ports = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")
        connection = {
            **{name: getattr(self, name) for name in ports},
            "ip": self.ip,
            "transport": self.transport,
            "key": self.session.key.decode(),
            "signature_scheme": self.session.signature_scheme,
        }
        try:
            self._owner.send({"connection": connection})
        except OSError:
            os._exit(0)
        super().start()

    def _on_claim(self, descriptor: int, _events: int) -> None:
        IOLoop.current().remove_handler(descriptor)
        try:
            message = self._owner.receive()
        except EOFError:
            os._exit(0)
        self.connection_file = message["connection_file"]
        # variables that the kernel itself set at its start (TERM, MPLBACKEND, ...) stay set
        replace_environment(message["env"], environment_changes(self._initial_environment), self._initial_environment)
        self._replace_streams(self._owner.descriptors)
        self._owner.send({"claimed": os.getpid()})
        self._owner.close()

    @staticmethod
    def _replace_streams(descriptors: list[int]) -> None:
        for number, name in enumerate(("stdin", "stdout", "stderr")):
            # the kernel has replaced 1 and 2 by a pipe, and writes through to copies of the originals
            copy = getattr(getattr(sys, name), "_original_stdstream_copy", None)
            os.dup2(descriptors[number], number if copy is None else copy)
