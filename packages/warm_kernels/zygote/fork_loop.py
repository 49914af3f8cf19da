"""The zygote's loop: fork on request, report exit codes, end with the owner."""

from __future__ import annotations

import contextlib
import os
import select
import signal
from dataclasses import dataclass

from warm_kernels.errors import ZygoteRefusedError
from warm_kernels.ipc import MessageSocket
from warm_kernels.zygote.preload import check_threads

POLL_MILLISECONDS = 1000  # a fork of the owner may keep its socket open: check this often whether the owner runs
KILLED = -signal.SIGKILL


@dataclass
class _Kernel:
    owner: MessageSocket
    is_exit_reported: bool = False
    is_owner_connected: bool = True


class ForkLoop:
    """Serves one owner.

    A kernel that ended stays a zombie until the owner has received its exit code and closed the socket, so that no
    signal of the owner can reach another process with the same id. ``subprocess.Popen`` guarantees the same.
    """

    def __init__(self, control: MessageSocket, owner: int) -> None:
        self._control, self._owner = control, owner
        self._kernels: dict[int, _Kernel] = {}
        self._is_draining = False
        self._wake_up, self._woken = os.pipe()

    def run(self) -> MessageSocket:
        """Serve until the owner ends; return only in a forked child, with its socket to the owner."""
        for end in (self._wake_up, self._woken):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.set_wakeup_fd(self._woken, warn_on_full_buffer=False)
        while True:
            ready = self._wait()
            if self._wake_up in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._wake_up, 4096)
            self._reap_kernels(ready)
            if self._control.fileno() in ready and (owner := self._handle_request()):
                return owner
            if os.getppid() != self._owner or (self._is_draining and not self._kernels):
                self._exit()

    def _wait(self) -> set[int]:
        poll = select.poll()
        for descriptor in (self._control.fileno(), self._wake_up):
            poll.register(descriptor, select.POLLIN)
        for kernel in self._kernels.values():
            if kernel.is_owner_connected:
                # 0: not readable data, which is for the kernel; poll reports a closed socket in any case
                poll.register(kernel.owner.fileno(), 0)
        return {descriptor for descriptor, _event in poll.poll(POLL_MILLISECONDS)}

    def _reap_kernels(self, ready: set[int]) -> None:
        for pid, kernel in list(self._kernels.items()):
            if not kernel.is_exit_reported and (code := _exit_code(pid)) is not None:
                kernel.is_exit_reported = True
                with contextlib.suppress(OSError):
                    kernel.owner.send({"exit": code}, timeout=0)
            if kernel.is_owner_connected and kernel.owner.fileno() in ready:
                kernel.is_owner_connected = False
            if kernel.is_exit_reported and not kernel.is_owner_connected:
                os.waitpid(pid, 0)
                kernel.owner.close()
                del self._kernels[pid]

    def _handle_request(self) -> MessageSocket | None:
        """Handle the owner's request; return a socket in a forked child only."""
        try:
            request = self._control.receive()
        except EOFError:
            self._exit()
        if request.get("drain"):
            self._is_draining = True
            return None
        descriptor, *streams = self._control.descriptors
        self._control.descriptors.clear()
        owner = MessageSocket.from_descriptor(descriptor)
        try:
            check_threads()
            pid = os.fork()
        except (OSError, ZygoteRefusedError) as error:
            with contextlib.suppress(OSError):  # the owner may have given up; other kernels must go on
                owner.send({"refused": str(error)})
            owner.close()
            pid = -1
        if pid == 0:
            self._set_up_child(streams)
            return owner
        for stream in streams:
            os.close(stream)
        if pid > 0:
            self._kernels[pid] = _Kernel(owner)
        return None

    def _set_up_child(self, streams: list[int]) -> None:
        """Undo the zygote's signal handlers, close its descriptors, and take the kernel's own standard streams."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.setsid()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        for end in (self._wake_up, self._woken):
            os.close(end)
        self._control.close()
        for kernel in self._kernels.values():
            kernel.owner.close()
        self._kernels.clear()

    def _exit(self) -> None:
        for pid in self._kernels:
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
        os._exit(0)


def _exit_code(pid: int) -> int | None:
    """Return a child's exit code, negative for a signal, without reaping it; None while it runs."""
    try:
        result = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:  # no longer a child, although nothing else reaps it
        return KILLED
    if result is None or result.si_pid == 0:
        return None
    return int(result.si_status if result.si_code == os.CLD_EXITED else -result.si_status)
