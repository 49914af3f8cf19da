"""The kernel provisioner ``warm-fork``: jupyter_client's way to say how a kernel's process comes to be."""

from __future__ import annotations

import contextlib
import os
import pathlib
from typing import Any, cast

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from warm_kernels.errors import WarmKernelsError
from warm_kernels.launch_fingerprint import parse_command
from warm_kernels.zygote.forked_process import ForkedProcess
from warm_kernels.zygote.standby import Start
from warm_kernels.zygote.streams import standard_streams
from warm_kernels.zygote.zygote_manager import keeper

# Arguments of Popen that a forked kernel can honour, or that say nothing about its process.
_HONOURED = {"env", "cwd", "stdin", "stdout", "stderr", "extra_arguments", "kernel_id", "kernel_name"}


class WarmForkProvisioner(LocalProvisioner):
    """Forks IPython kernels from this process's zygote.

    Whatever a fork cannot stand in for gets a normal kernel: another interpreter or launcher, pipes or other options
    of ``Popen``. So does a kernel that could not be forked, with one warning.
    """

    process: Any = None
    _start: Start | None = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork the kernel, or start it the normal way, and return its connection."""
        command = parse_command(cmd) if keeper.settings.enabled else None
        if command is None or not kwargs.keys() <= _HONOURED:
            return await super().launch_kernel(cmd, **kwargs)
        env = {**kwargs.get("env", os.environ), "JPY_PARENT_PID": str(os.getpid())}
        try:
            with standard_streams(kwargs) as streams:
                self._start = Start(command, env, _folder(kwargs), streams)
                process = await self._adopted() or keeper.fork(self._start)
        except (WarmKernelsError, OSError, ValueError) as error:
            keeper.warn(str(error))
            self._start = None
            return await super().launch_kernel(cmd, **kwargs)
        self.process = process
        self.pid = self.pgid = process.pid
        self.cwd = kwargs.get("cwd", pathlib.Path.cwd())
        return self.connection_info

    async def _adopted(self) -> ForkedProcess | None:
        assert self._start  # noqa: S101 - for the type checker
        adopted = keeper.adopt(self._start, getattr(self.parent, "connection_file", ""))
        if adopted is None:
            return None
        process, connection = adopted
        # the ports that the manager had reserved are not needed: the kernel has its own
        await super().cleanup()
        self.ports_cached = False
        self.connection_info = cast("KernelConnectionInfo", {**connection, "key": connection["key"].encode()})
        return process

    async def wait(self) -> int | None:
        """Wait for the kernel's end, without looking at it each 100 ms."""
        if isinstance(self.process, ForkedProcess):
            code = await self.process.ended()
            self.process = None
            return code
        return await super().wait()

    async def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel's process group, unless the kernel has ended."""
        if isinstance(self.process, ForkedProcess) and self.process.poll() is not None:
            return
        await super().send_signal(signum)

    async def cleanup(self, restart: bool = False) -> None:
        """Return what the kernel had reserved, and fork its standby successor."""
        await super().cleanup(restart=restart)
        if self._start and not restart:
            with contextlib.suppress(OSError), standard_streams({}) as streams:
                start, self._start = self._start, None
                keeper.refill(Start(start.command, start.env, start.cwd, streams))


def _folder(options: dict[str, Any]) -> str:
    return os.path.abspath(options.get("cwd") or os.curdir)  # noqa: PTH100 - links stay links, as in a shell
