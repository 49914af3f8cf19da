"""JupyterLab as a process of ours: on the loopback interface, with a token, and gone when we are."""

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

    Parameters
    ----------
    folder
        What JupyterLab shows; kernels get this process's environment.
    notebook
        What is open first, below `folder`.
    browser
        Open a browser; else only the address is printed.
    """
    # on the loopback interface and with a token, which are its defaults; said here so that no setting changes them
    command = [sys.executable, "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1", "--ServerApp.answer_yes=True"]
    command += ["--log-level=WARN", f"--ServerApp.root_dir={folder}", f"--LabApp.default_url=/lab/tree/{notebook}"]
    # in a container people are root; JupyterLab would refuse them
    command += ["--allow-root"] * (os.geteuid() == 0) + ["--no-browser"] * (not browser)
    server = subprocess.Popen(command)
    try:
        return server.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        with _undisturbed():
            _stop(server)


def _stop(server: subprocess.Popen[bytes]) -> None:
    """Let it shut its kernels down; a terminal's Ctrl-C has told it so already."""
    server.terminate()
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Let no second Ctrl-C, and no second kill, end what ends the others."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
