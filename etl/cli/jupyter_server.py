"""JupyterLab as a child process: on the loopback interface, with a token, and stopped with the command."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

STOP_SECONDS = 15


def serve(folder: Path, notebook: str, *, browser: bool) -> int:
    """Show a folder in JupyterLab until it is shut down, or until Ctrl-C; return its exit code, 0 after Ctrl-C.

    The notebook, a path below the folder, is opened in a browser; without `browser`, only its address is printed.
    Kernels get this process's environment.
    """
    # the loopback address is the default, as is the token; named here so that no user's setting changes it
    command = [sys.executable, "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1", "--ServerApp.answer_yes=True"]
    command += ["--log-level=WARN", f"--ServerApp.root_dir={folder}", f"--LabApp.default_url=/lab/tree/{notebook}"]
    # the user of a container is root, whom JupyterLab refuses without this option
    command += ["--allow-root"] * (os.geteuid() == 0) + ["--no-browser"] * (not browser)
    server = subprocess.Popen(command)
    try:
        return server.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        with _signals_ignored():
            _stop(server)


def _stop(server: subprocess.Popen[bytes]) -> None:
    """Stop JupyterLab, which stops its kernels; Ctrl-C in a terminal has reached it already."""
    server.terminate()
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


@contextlib.contextmanager
def _signals_ignored() -> Iterator[None]:
    """Ignore a second Ctrl-C or SIGTERM until the block ends, so that JupyterLab is stopped in any case."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
