"""Find a Python of a given version on this machine."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from uv import find_uv_bin

from local_aws.errors import RuntimeNotFoundError

_UV_SECONDS = 60


@dataclass(frozen=True)
class Interpreter:
    """An installed Python, never a virtual environment's: its program, and the folder of its installation."""

    executable: Path
    base: Path


def find_interpreter(version: str) -> Interpreter:
    """Return a Python of a version such as ``3.13``: the running one, else what uv finds; pyenv's without their shims.

    Raises
    ------
    RuntimeNotFoundError
        There is none; the message says how to install one.

    Examples
    --------
    >>> find_interpreter(f"{sys.version_info.major}.{sys.version_info.minor}").executable.is_file()
    True
    """
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    if version == running:
        executable = getattr(sys, "_base_executable", sys.executable)
        return Interpreter(Path(executable).resolve(), Path(sys.base_prefix))
    if executable := find_installed(version):
        return Interpreter(executable, executable.parents[1])
    raise RuntimeNotFoundError(
        f"runtime python{version}: this machine has no Python {version}; found {running}; expected python{version} on "
        f"PATH. Install it, say with `uv python install {version}` or `pyenv install {version}`."
    )


def find_installed(version: str) -> Path | None:
    """Return the program of a Python that uv, pyenv or this machine installed; None when there is none."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    folders = [str(folder / "bin") for folder in sorted(pyenv.glob(f"{version}.*"), reverse=True)]
    environment = {**os.environ, "PATH": os.pathsep.join([*os.get_exec_path(), *folders])}
    options = ["--system", "--resolve-links", "--no-project", "--no-config", "--no-cache", "--offline"]
    ended = subprocess.run(
        [find_uv_bin(), "python", "find", *options, f"cpython@{version}"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=_UV_SECONDS,
        check=False,
    )
    return None if ended.returncode else Path(ended.stdout.strip())
