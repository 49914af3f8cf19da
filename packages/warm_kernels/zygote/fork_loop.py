"""The zygote's loop: fork when asked, report exits, end with the owner."""

from __future__ import annotations

import contextlib
import os
import select
import signal
from dataclasses import dataclass

from warm_kernels.errors import ZygoteRefusedError
from warm_kernels.ipc import Channel
from warm_kernels.zygote.preload import check_threads

POLL_MILLISECONDS = 1000  # how often the owner's life is looked at, should its end of the channel live on in a fork
STREAMS = 3  # stdin, stdout, stderr
KILLED = -signal.SIGKILL


@dataclass
class _Kernel:
    channel: Channel
    told: bool = False  # the owner knows its exit code
    heard: bool = True  # the owner still listens


class ForkLoop:
    """Serves one owner.

    A kernel that ended stays a zombie until the owner has taken its exit code and hung up, so that no signal can reach
    a stranger with the same process id. That is what ``subprocess.Popen`` guarantees as well.
    """

    def __init__(self, control: Channel, owner: int) -> None:
        self._control, self._owner = control, owner
        self._kernels: dict[int, _Kernel] = {}
        self._retired = False
        self._wake_up, self._woken = os.pipe()

    def run(self) -> Channel:
        """Serve until the owner is gone. Returns only in a forked child, with its channel to the owner."""
        for end in (self._wake_up, self._woken):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.set_wakeup_fd(self._woken, warn_on_full_buffer=False)
        while True:
            ready = self._wait()
            if self._wake_up in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._wake_up, 4096)
            self._look_after_kernels(ready)
            if self._control.fileno() in ready and (channel := self._serve()):
                return channel
            if os.getppid() != self._owner or (self._retired and not self._kernels):
                self._end()

    def _wait(self) -> set[int]:
        poll = select.poll()
        for descriptor in (self._control.fileno(), self._wake_up):
            poll.register(descriptor, select.POLLIN)
        for kernel in self._kernels.values():
            if kernel.heard:
                # what comes in here is for the kernel to read; that the owner hung up is always reported
                poll.register(kernel.channel.fileno(), 0)
        return {descriptor for descriptor, _event in poll.poll(POLL_MILLISECONDS)}

    def _look_after_kernels(self, ready: set[int]) -> None:
        for pid, kernel in list(self._kernels.items()):
            if not kernel.told and (code := _exit_code(pid)) is not None:
                kernel.told = True
                with contextlib.suppress(OSError):
                    kernel.channel.send({"exit": code}, timeout=0)
            if kernel.heard and kernel.channel.fileno() in ready:
                kernel.heard = False
            if kernel.told and not kernel.heard:
                os.waitpid(pid, 0)
                kernel.channel.close()
                del self._kernels[pid]

    def _serve(self) -> Channel | None:
        """Do what the owner asks; a channel is returned in a forked child only."""
        try:
            request = self._control.receive()
        except EOFError:
            self._end()
        if request.get("retire"):
            self._retired = True
            return None
        end, *streams = self._control.descriptors
        self._control.descriptors.clear()
        channel = Channel.of_descriptor(end)
        try:
            check_threads()
            pid = os.fork()
        except (OSError, ZygoteRefusedError) as error:
            channel.send({"refused": str(error)})
            channel.close()
            pid = -1
        if pid == 0:
            self._become_child(streams)
            return channel
        for stream in streams:
            os.close(stream)
        if pid > 0:
            self._kernels[pid] = _Kernel(channel)
        return None

    def _become_child(self, streams: list[int]) -> None:
        """Drop everything that is the zygote's, and take the kernel's own standard streams."""
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
            kernel.channel.close()
        self._kernels.clear()

    def _end(self) -> None:
        for pid in self._kernels:
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
        os._exit(0)


def _exit_code(pid: int) -> int | None:
    """Return a child's exit code, negative for a signal, and leave it a zombie; None while it runs."""
    try:
        result = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:  # somebody else has reaped it, which nobody should
        return KILLED
    if result is None or result.si_pid == 0:
        return None
    return int(result.si_status if result.si_code == os.CLD_EXITED else -result.si_status)
