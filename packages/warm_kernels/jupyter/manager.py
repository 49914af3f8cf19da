"""A kernel manager that forks its kernels and waits for events instead of fixed times."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import zmq.asyncio
from jupyter_client.client import KernelClient
from jupyter_client.manager import AsyncKernelManager
from traitlets import Type, default

from warm_kernels.jupyter.client import WarmKernelClient, quick_context
from warm_kernels.jupyter.provisioner import WarmForkProvisioner
from warm_kernels.zygote.forked_process import ForkedProcess


def _without_pause(stock: Any) -> Any:
    """Return jupyter_client's method without its decorator, which sleeps 10 ms for jupyter_client's own tests."""

    async def method(self: WarmKernelManager, **options: Any) -> None:
        ready = self._ready = asyncio.get_running_loop().create_future()
        try:
            await stock.__wrapped__(self, **options)
        except Exception as error:
            ready.set_exception(error)
            ready.exception()  # mark it as retrieved: it is raised here
            raise
        ready.set_result(None)

    return method


class WarmKernelManager(AsyncKernelManager):
    """jupyter_client's asynchronous manager with the provisioner ``warm-fork``, which need not be installed.

    A kernel specification that names its own provisioner gets that.
    """

    client_factory = Type(default_value=WarmKernelClient, klass=KernelClient, config=True)

    @default("client_factory")
    def _client_factory_default(self) -> type[WarmKernelClient]:
        return WarmKernelClient

    @default("context")
    def _context_default(self) -> zmq.asyncio.Context:
        self._created_context = True
        return quick_context()

    async def _async_pre_start_kernel(self, **options: Any) -> tuple[list[str], dict[str, Any]]:
        specification = self.kernel_spec
        if self.provisioner is None and specification and "kernel_provisioner" not in specification.metadata:
            self.kernel_id = self.kernel_id or options.pop("kernel_id", str(uuid.uuid4()))
            self.provisioner = WarmForkProvisioner(kernel_id=self.kernel_id, kernel_spec=specification, parent=self)
        started: tuple[list[str], dict[str, Any]] = await super()._async_pre_start_kernel(**options)
        return started

    pre_start_kernel = _async_pre_start_kernel
    start_kernel = _async_start_kernel = _without_pause(AsyncKernelManager.start_kernel)
    shutdown_kernel = _async_shutdown_kernel = _without_pause(AsyncKernelManager.shutdown_kernel)

    async def _async_wait(self, pollinterval: float = 0.1) -> None:
        process = getattr(self.provisioner, "process", None)
        if isinstance(process, ForkedProcess):
            await process.wait()
        else:
            await super()._async_wait(pollinterval)
