"""The owner's handle on its zygote."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from warm_kernels.errors import ZygoteDiedError, ZygoteRefusedError
from warm_kernels.ipc import Channel
from warm_kernels.launch_fingerprint import KernelCommand, Origin
from warm_kernels.zygote.forked_process import ForkedProcess

START_SECONDS = 60.0
STOP_SECONDS = 2.0
RETIRE_SECONDS = 0.2

# As ``python -m ipykernel_launcher`` does: no module of the current folder may stand in for one of the standard
# library. This package may lie where only its owner's sys.path looks; a kernel's path stays as it is.
BOOT = """\
import sys
if not sys.flags.safe_path: del sys.path[0]
sys.path.append(sys.argv.pop(1))
from warm_kernels.zygote.zygote_process import main
sys.path.pop()
main()
"""
# Libraries that start threads when they are loaded; others start theirs at the first use, and so in the kernel.
NO_THREADS = {
    # the kernel gets its own count, see blas.py. New threads spin for 2 ** 26 processor cycles (25 ms) before they
    # sleep, at the cost of the kernel that starts beside them; 2 ** 14 is as fast for matrices of 64 to 1000 rows
    "OPENBLAS_NUM_THREADS": "1",
    "OPENBLAS_THREAD_TIMEOUT": "14",
    # pyarrow's, which pandas imports where it is installed: unused memory is given back at the next allocation instead
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
_HERE = str(Path(__file__).parents[2])


class Zygote:
    """A running zygote process, which imports its modules while its owner does other things.

    Parameters
    ----------
    origin
        How its Python is started.
    preload
        The modules that it imports.

    Raises
    ------
    OSError
        The interpreter cannot be started.
    """

    def __init__(self, origin: Origin, preload: Sequence[str]) -> None:
        self.origin, self.preload = origin, tuple(preload)
        self._lock = threading.Lock()
        self._ready = False
        self._refusal = ""
        self._control, theirs = Channel.pair()
        command = [origin.python, *origin.flags, "-c", BOOT, _HERE, str(theirs.fileno()), *preload]
        try:
            self._process = subprocess.Popen(
                command,
                pass_fds=[theirs.fileno()],
                env={**origin.environment(os.environ), **NO_THREADS},
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # a Ctrl-C in the terminal is the owner's
            )
        finally:
            theirs.close()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def is_alive(self) -> bool:
        """Tell whether the process runs."""
        return self._process.poll() is None

    def wait_until_ready(self, timeout: float = START_SECONDS) -> None:
        """Wait until the modules are imported.

        Raises
        ------
        ZygoteRefusedError
            Forking would not be safe; the message has the reason.
        ZygoteDiedError
            The process ended, or is not ready after `timeout` seconds.
        """
        with self._lock:
            if not self._ready and not self._refusal:
                try:
                    answer = self._control.receive(timeout)
                except (OSError, EOFError) as error:
                    raise ZygoteDiedError(f"zygote: ended, or was not ready after {timeout:g} s.") from error
                self._refusal = answer.get("refused", "")
                self._ready = not self._refusal
        if self._refusal:
            raise ZygoteRefusedError(self._refusal)

    def fork(
        self,
        command: KernelCommand,
        *,
        env: Mapping[str, str],
        cwd: str,
        streams: Sequence[int],
        standby: bool = False,
    ) -> ForkedProcess:
        """Ask for a kernel; it is there when the returned process's ``wait_for_start`` returns.

        Parameters
        ----------
        command
            What the kernel is to do.
        env, cwd
            Its whole environment, and its folder.
        streams
            File descriptors of its standard input, output and error; the caller closes its own.
        standby
            Let it wait to be adopted.

        Raises
        ------
        ZygoteDiedError
            The process has ended.
        """
        ours, theirs = Channel.pair()
        try:
            with self._lock:
                self._control.send({"fork": 1}, [theirs.fileno(), *streams])
            request = {"arguments": command.arguments, "env": dict(env), "cwd": cwd, "standby": standby}
            ours.send(request, timeout=START_SECONDS)
        except OSError as error:
            ours.close()
            raise ZygoteDiedError("zygote: has ended.") from error
        finally:
            theirs.close()
        return ForkedProcess(ours, [command.python, *command.flags, "-m", "ipykernel_launcher", *command.arguments])

    def retire(self) -> None:
        """Let the process end when its last kernel does; without one that is now."""
        with self._lock, contextlib.suppress(OSError):
            self._control.send({"retire": 1})
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(RETIRE_SECONDS)

    def close(self) -> None:
        """End the process, and any kernel of it that still runs."""
        self._control.hang_up()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def forget(self) -> None:
        """Let go of the process in a fork of its owner: it is not the fork's."""
        self._control.close()
        self._process.returncode = 0  # else Python warns that it was not waited for
