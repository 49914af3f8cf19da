"""A kernel that is forked ahead of time: up and running, but nobody's yet."""

from __future__ import annotations

import os
import sys
from typing import Any

from tornado.ioloop import IOLoop

from warm_kernels.environment import become, own_variables
from warm_kernels.ipc import Channel
from warm_kernels.kernel.kernel_app import WarmKernelApp


class StandbyKernelApp(WarmKernelApp):
    """The ordinary kernel application, which chooses its own ports and waits to be adopted.

    Parameters
    ----------
    owner_channel
        Its owner is told the connection; later the owner sends ``env`` and ``connection_file`` with the standard
        streams, or hangs up because the kernel is not needed.
    """

    def __init__(self, *, owner_channel: Channel, **options: Any) -> None:
        self._owner_channel = owner_channel
        self._given_environment = dict(os.environ)
        super().__init__(**options)  # type: ignore[no-untyped-call]

    def init_connection_file(self) -> None:
        """Have none: it would stay behind when this kernel is killed."""

    def write_connection_file(self, **_options: Any) -> None:
        """Have none; see above."""

    def start(self) -> None:
        """Tell the owner the connection, then run; end if the owner has hung up meanwhile."""
        IOLoop.current().add_handler(self._owner_channel.fileno(), self._adopted, IOLoop.READ)
        ports = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")
        connection = {
            **{name: getattr(self, name) for name in ports},
            "ip": self.ip,
            "transport": self.transport,
            "key": self.session.key.decode(),
            "signature_scheme": self.session.signature_scheme,
        }
        try:
            self._owner_channel.send({"connection": connection})
        except OSError:
            os._exit(0)
        super().start()

    def _adopted(self, descriptor: int, _events: int) -> None:
        IOLoop.current().remove_handler(descriptor)
        try:
            message = self._owner_channel.receive()
        except EOFError:
            os._exit(0)
        self.connection_file = message["connection_file"]
        # what the kernel itself has set at its start (TERM, MPLBACKEND, ...) stays set
        become(message["env"], own_variables(self._given_environment), self._given_environment)
        self._take_streams()
        self._owner_channel.send({"adopted": os.getpid()})
        self._owner_channel.close()

    def _take_streams(self) -> None:
        for number, name in enumerate(("stdin", "stdout", "stderr")):
            stream = self._owner_channel.descriptors[number]
            # the kernel has put a pipe in the place of 1 and 2, and writes through to copies of the originals
            copy = getattr(getattr(sys, name), "_original_stdstream_copy", None)
            os.dup2(stream, number if copy is None else copy)
