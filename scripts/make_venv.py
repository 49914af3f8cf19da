"""Make or update ``.venv`` from the lock; the part of ``setup.sh`` that takes time.

Runs on the bare Python that ``find_python.sh`` found, so it uses the standard library only.
Whatever ends it, it takes pip along and leaves no stamp, so the next call starts over.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / ".ready"
LOCK = ROOT / "requirements" / "dev.txt"
SHOWN_LINES = 15
PATIENCE_SECONDS = 5
# Settings of the user's that would send packages elsewhere than .venv
MISLEADING = ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PYTHONHOME", "PYTHONPATH")


def main() -> int:
    """Bring ``.venv`` up to date; return the exit status of the first step that fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument("--new", action="store_true", help="remove .venv and make it anew")
    how.add_argument("--update", action="store_true", help="install what the lock has and .venv has not")
    parser.add_argument("python", help="the Python to make .venv with, as find_python.sh prints it")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    # One set-up at a time: `make run` and `make lab` in two terminals are both right on a fresh clone.
    with LOCK.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another set-up of .venv to end ...")
            fcntl.flock(lock, fcntl.LOCK_EX)
            if subprocess.run(["sh", "scripts/setup.sh", "--check"], cwd=ROOT, check=False).returncode == 0:
                return 0
        try:
            update = arguments.update and STAMP.exists()
            return set_up(arguments.python, update=update, lock_fd=lock.fileno())
        except KeyboardInterrupt:
            say("Set-up stopped; the next call starts over.")
            return 128 + signal.SIGINT


def set_up(python: str, *, update: bool, lock_fd: int) -> int:
    """Install in steps; the stamp is removed first and written last."""
    began_at = time.monotonic()
    version = platform.python_version()
    venv_python = str(VENV / "bin" / "python")
    install = [venv_python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    # The lock names everything, so there is nothing to resolve; pip would compile on one core only
    install += ["--progress-bar", "off", "--no-deps", "--no-compile"]
    steps = [
        [*install, "--require-hashes", "-r", str(LOCK)],
        [*install, "--no-build-isolation", "-e", str(ROOT)],
    ]
    if update:
        say(f"Bringing .venv up to date with {LOCK.relative_to(ROOT)} ...")
        STAMP.unlink()
    else:
        say(f"Setting up .venv with Python {version}, about a minute ...")
        if VENV.is_symlink():
            VENV.unlink()
        elif VENV.exists():
            shutil.rmtree(VENV)
        steps.insert(0, [python, "-m", "venv", str(VENV)])
    for step in steps:
        status = run(step, lock_fd)
        if status:
            say("make_venv: set-up failed, see above; the next call starts over.")
            return status
    # Some packages ship files that are no Python of this version: the shell takes compileall's exit status away
    run(["sh", "-c", '"$0" -m compileall -qq -j 0 .venv/lib || :', venv_python], lock_fd)
    STAMP.write_text(f"{ROOT}\n{python}\n", encoding="utf-8")
    say(f"Ready: .venv has what {LOCK.relative_to(ROOT)} says ({time.monotonic() - began_at:.0f} s).")
    return 0


def run(command: list[str], lock_fd: int) -> int:
    """Run a step quietly and return its exit status; show the end of its output if it fails.

    The step gets a session of its own, so that no process of it outlives an interrupted set-up, and it holds the
    set-up's lock too: after a ``kill -9`` of this program the next set-up waits for it.
    """
    environment = {name: value for name, value in os.environ.items() if name not in MISLEADING}
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
        pass_fds=[lock_fd],
    )
    try:
        output, _ = process.communicate()
    except BaseException:
        stop(process)
        raise
    if process.returncode:
        say("\n".join(output.splitlines()[-SHOWN_LINES:]))
    return process.returncode


def stop(process: subprocess.Popen[str]) -> None:
    """End a step and what it started: as Ctrl-C would, so that pip removes its temporary files, then by force."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=PATIENCE_SECONDS)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def say(line: str) -> None:
    """Print a line at once, also into a pipe."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
