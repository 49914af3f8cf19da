"""The kernel provisioner ``warm-fork``: the plug-in through which jupyter_client launches a kernel process."""

from __future__ import annotations

import contextlib
import os
import pathlib
from dataclasses import replace
from typing import Any, cast

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from warm_kernels.errors import WarmKernelsError
from warm_kernels.kernel_launch import KernelLaunch, parse_command, standard_streams
from warm_kernels.zygote.forked_process import ForkedProcess
from warm_kernels.zygote.zygote_manager import zygote_manager

# the arguments of Popen that a forked kernel supports, and jupyter_client's own
_SUPPORTED = {"env", "cwd", "stdin", "stdout", "stderr", "extra_arguments", "kernel_id", "kernel_name"}


class WarmForkProvisioner(LocalProvisioner):
    """Forks IPython kernels from this process's zygote.

    A launch that a fork cannot serve gets a stock kernel: another interpreter or launcher, pipes or other options of
    ``Popen``. If a fork fails, there is a stock kernel and one warning.
    """

    process: Any = None
    _launch: KernelLaunch | None = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork the kernel, or launch a stock one, and return its connection."""
        command = parse_command(cmd) if zygote_manager.settings.enabled else None
        if command is None or not kwargs.keys() <= _SUPPORTED:
            return await super().launch_kernel(cmd, **kwargs)
        env = {**kwargs.get("env", os.environ), "JPY_PARENT_PID": str(os.getpid())}
        self._launch = None
        try:
            with standard_streams(kwargs) as streams:
                launch = KernelLaunch(command, env, _absolute(kwargs.get("cwd")), streams)
                self.process = await self._claim_standby(launch) or zygote_manager.fork(launch)
        except (WarmKernelsError, OSError, ValueError) as error:
            zygote_manager.warn(str(error))
            return await super().launch_kernel(cmd, **kwargs)
        self._launch = launch
        self.pid = self.pgid = self.process.pid
        self.cwd = kwargs.get("cwd", pathlib.Path.cwd())
        return self.connection_info

    async def _claim_standby(self, launch: KernelLaunch) -> ForkedProcess | None:
        claimed = zygote_manager.claim_standby(launch, getattr(self.parent, "connection_file", ""))
        if claimed is None:
            return None
        process, connection = claimed
        # return the ports that the manager had reserved: a standby kernel has chosen its own
        await super().cleanup()
        self.ports_cached = False
        self.connection_info = cast("KernelConnectionInfo", {**connection, "key": connection["key"].encode()})
        return process

    async def wait(self) -> int | None:
        """Wait for the kernel's end; jupyter_client would check it every 100 ms."""
        if isinstance(self.process, ForkedProcess):
            code = await self.process.wait()
            self.process = None
            return code
        return await super().wait()

    async def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel's process group, unless the kernel has ended."""
        if isinstance(self.process, ForkedProcess) and self.process.poll() is not None:
            return
        await super().send_signal(signum)

    async def cleanup(self, restart: bool = False) -> None:
        """Return the reserved ports, and fork the next standby kernel."""
        await super().cleanup(restart=restart)
        if self._launch and not restart:
            launch, self._launch = self._launch, None
            with contextlib.suppress(OSError), standard_streams({}) as streams:
                zygote_manager.refill(replace(launch, streams=streams))


def _absolute(cwd: str | os.PathLike[str] | None) -> str:
    return os.path.abspath(cwd or os.curdir)  # noqa: PTH100 - keeps links, as a shell does
