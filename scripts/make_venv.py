"""Make or update ``.venv`` from the lock; the part of ``setup.sh`` that takes time.

Runs on the bare Python that ``find_python.sh`` found, so it uses the standard library only. pip installs uv from the
lock, and uv the rest. A set-up that is interrupted ends its installer and leaves no stamp: the next call starts over.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = str(VENV / "bin" / "python")
STAMP = VENV / ".ready"
LOCK = ROOT / "requirements" / "dev.txt"
MAX_SHOWN_LINES = 15
MAX_STOP_SECONDS = 5
# Settings of the user's that would make pip install elsewhere than in .venv, or something else than the locked wheel
MISLEADING = {
    *("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_CONSTRAINT", "PIP_NO_BINARY"),
    *("PYTHONHOME", "PYTHONPATH"),
}


def main() -> int:
    """Bring ``.venv`` up to date; return the exit status of the first step that fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument("--new", action="store_true", help="remove .venv and make a new one")
    how.add_argument("--update", action="store_true", help="install what .venv lacks of the lock")
    parser.add_argument("python", help="the Python to make .venv with, as find_python.sh prints it")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    # Two terminals may run `make run` and `make lab` in a fresh clone: one set-up at a time
    with LOCK.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            show("Waiting for another set-up of .venv to end ...")
            fcntl.flock(lock, fcntl.LOCK_EX)
            if subprocess.run(["sh", "scripts/setup.sh", "--check"], cwd=ROOT, check=False).returncode == 0:
                return 0
        try:
            return set_up(arguments.python, update=arguments.update and STAMP.exists(), lock_fd=lock.fileno())
        except KeyboardInterrupt:
            show("Set-up stopped; the next call starts over.")
            return 128 + signal.SIGINT


def set_up(python: str, *, update: bool, lock_fd: int) -> int:
    """Install in steps, each shown when it begins; the stamp is removed first and written last."""
    began_at = time.monotonic()
    if update:
        show(f"Bringing .venv up to date with {LOCK.relative_to(ROOT)}:")
        STAMP.unlink()
    else:
        show(f"Setting up .venv with Python {platform.python_version()}, once:")
        if VENV.is_symlink():
            VENV.unlink()
        elif VENV.exists():
            show("   0 s  removing the old .venv ...")
            shutil.rmtree(VENV)
    for progress, command in steps(python, update=update):
        show(f"{time.monotonic() - began_at:4.0f} s  {progress} ...")
        status = run(command, lock_fd)
        if status:
            show("make_venv: set-up failed, see above; the next call starts over.")
            return status
    STAMP.write_text(f"{ROOT}\n{python}\n", encoding="utf-8")
    show(f"{time.monotonic() - began_at:4.0f} s  Ready: .venv has the packages of {LOCK.relative_to(ROOT)}.")
    return 0


def steps(python: str, *, update: bool) -> Iterator[tuple[str, list[str]]]:
    """Yield what each step does, and its command.

    No step compiles: that would take longer than all others, and a run imports a fifth of the modules.
    """
    if not update:
        yield "making the virtual environment", [python, "-m", "venv", str(VENV)]
    pins = LOCK.read_text(encoding="utf-8")
    uv_pin = VENV / "uv.txt"
    uv_pin.write_text("".join(re.findall(r"^uv==(?:.*\\\n)*.*\n", pins, re.MULTILINE)), encoding="utf-8")
    pip = [VENV_PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    pip += ["--progress-bar", "off", "--no-compile", "--no-deps", "--require-hashes", "-r", str(uv_pin)]
    yield "installing uv", pip
    uv = [VENV_PYTHON, "-P", str(ROOT / "packages" / "layers" / "run_uv.py"), "pip", "install", "--quiet"]
    uv += ["--python", VENV_PYTHON, "--no-deps"]
    yield "installing the packages", [*uv, "--require-hashes", "-r", str(LOCK)]
    yield "installing this project", [*uv, "--no-build-isolation", "-e", str(ROOT)]


def run(command: list[str], lock_fd: int) -> int:
    """Run a step quietly and return its exit status; show the end of its output if it fails.

    The step gets a session of its own, so that an interrupted set-up can end all its processes. It inherits the
    set-up's lock: after a ``kill -9`` of this program the next set-up waits until the step has ended.
    """
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in MISLEADING},
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
        show("\n".join(output.splitlines()[-MAX_SHOWN_LINES:]))
    return process.returncode


def stop(process: subprocess.Popen[str]) -> None:
    """End a step with all its processes: as Ctrl-C does, so that it removes its temporary files, then by force."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=MAX_STOP_SECONDS)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def show(line: str) -> None:
    """Print a line at once, also into a pipe."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
