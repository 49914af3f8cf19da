"""The owner's handle on its zygote."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

from warm_kernels.errors import ZygoteDiedError, ZygoteRefusedError
from warm_kernels.ipc import MessageSocket
from warm_kernels.kernel_launch import KernelLaunch
from warm_kernels.launch_fingerprint import LaunchFingerprint
from warm_kernels.zygote.forked_process import ForkedProcess

START_SECONDS = 60.0
STOP_SECONDS = 2.0
DRAIN_SECONDS = 0.2

# As ``python -m ipykernel_launcher`` does, remove the current folder from sys.path: no module in it may replace one of
# the standard library. The folder of this package may be on the owner's sys.path only, so it is added for one import.
BOOT = """\
import sys
if not sys.flags.safe_path: del sys.path[0]
sys.path.append(sys.argv.pop(1))
from warm_kernels.zygote.zygote_process import main
sys.path.pop()
main()
"""
# These libraries start threads when they are loaded; others start theirs at the first use, which is in the kernel.
NO_THREADS = {
    # the kernel gets its own count, see process_state.py. By default new threads spin for 2 ** 26 processor cycles
    # (25 ms) before they sleep, which slows the starting kernel; 2 ** 14 is as fast for matrices of 64 to 1000 rows
    "OPENBLAS_NUM_THREADS": "1",
    "OPENBLAS_THREAD_TIMEOUT": "14",
    # pyarrow, which pandas imports where it is installed: without the thread, an allocation returns unused memory
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
_PACKAGES = str(Path(__file__).parents[2])


class Zygote:
    """A zygote process; it imports the modules `preload` while the owner goes on.

    Raises
    ------
    OSError
        The interpreter cannot be started.
    """

    def __init__(self, fingerprint: LaunchFingerprint, preload: Sequence[str]) -> None:
        self.fingerprint, self.preload = fingerprint, tuple(preload)
        self._lock = threading.Lock()
        self._refusal: str | None = None  # empty when the zygote is ready
        self._control, theirs = MessageSocket.pair()
        command = [fingerprint.python, *fingerprint.flags, "-c", BOOT, _PACKAGES, str(theirs.fileno()), *preload]
        try:
            self._process = subprocess.Popen(
                command,
                pass_fds=[theirs.fileno()],
                env={**fingerprint.environment(os.environ), **NO_THREADS},
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # a Ctrl-C in the terminal must not reach it
            )
        finally:
            theirs.close()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    @property
    def has_refused(self) -> bool:
        """Whether `wait_until_ready` has raised an error, as it then does at once for every later kernel."""
        return bool(self._refusal)

    def wait_until_ready(self, timeout: float = START_SECONDS) -> None:
        """Wait until the modules are imported.

        Raises
        ------
        ZygoteRefusedError
            A fork would not be safe, or the process is not ready after `timeout` seconds; the message has the reason.
        """
        with self._lock:
            if self._refusal is None:
                try:
                    self._refusal = self._control.receive(timeout).get("refused", "")
                except (OSError, EOFError):
                    self._refusal = f"zygote: ended, or was not ready after {timeout:g} s."
        if self._refusal:
            raise ZygoteRefusedError(self._refusal)

    def fork(self, launch: KernelLaunch, *, standby: bool = False) -> ForkedProcess:
        """Request a kernel; it runs when ``wait_for_start`` of the returned process returns.

        A `standby` kernel waits until the owner claims it.

        Raises
        ------
        ZygoteDiedError
            The process has ended.
        """
        ours, theirs = MessageSocket.pair()
        try:
            with self._lock:
                self._control.send({"fork": 1}, [theirs.fileno(), *launch.streams])
            request = {"arguments": launch.command.arguments, "env": dict(launch.env), "cwd": launch.cwd}
            ours.send({**request, "standby": standby}, timeout=START_SECONDS)
        except OSError as error:
            ours.close()
            raise ZygoteDiedError("zygote: has ended.") from error
        finally:
            theirs.close()
        return ForkedProcess(ours)

    def drain(self) -> None:
        """Let the process end with its last kernel; without a kernel it ends now."""
        with self._lock, contextlib.suppress(OSError):
            self._control.send({"drain": 1})
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(DRAIN_SECONDS)

    def stop(self) -> None:
        """End the process and its running kernels."""
        self._control.shutdown()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def detach(self) -> None:
        """Close only this process's copy of the socket: in a fork of the owner, the zygote is the owner's."""
        self._control.close()
        self._process.returncode = 0  # else Python warns that nobody waited for it
