"""Find a Python of a given version on this machine."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from local_aws.errors import RuntimeNotFoundError

# A pyenv shim for an inactive version is on PATH and fails, so each candidate is really run.
_PROBE = (
    "import json, sys; print(json.dumps(['%d.%d' % sys.version_info[:2], "
    "getattr(sys, '_base_executable', sys.executable), sys.base_prefix]))"
)
_PROBE_SECONDS = 20


@dataclass(frozen=True)
class Interpreter:
    """An installed Python, not one of a virtual environment.

    Attributes
    ----------
    executable
        Its program.
    base
        The folder of its installation.
    """

    executable: Path
    base: Path


def find_interpreter(version: str) -> Interpreter:
    """Return a Python of this version: the one that runs us, else the first one on PATH, of pyenv or of uv.

    Parameters
    ----------
    version
        Such as ``3.13``.

    Raises
    ------
    RuntimeNotFoundError
        There is none; the message says how to install one.

    Examples
    --------
    >>> find_interpreter(f"{sys.version_info.major}.{sys.version_info.minor}").executable.is_file()
    True
    """
    for candidate in _candidates(version):
        found = _probe(candidate)
        if found and found[0] == version:
            return Interpreter(Path(found[1]).resolve(), Path(found[2]))
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    raise RuntimeNotFoundError(
        f"runtime python{version}: this machine has no Python {version}; found {running}; expected python{version} on "
        f"PATH. Install it, say with `uv python install {version}` or `pyenv install {version}`."
    )


def _candidates(version: str) -> Iterator[str]:
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        yield sys.executable
    for folder in os.get_exec_path():
        if found := shutil.which(f"python{version}", path=folder):
            yield found
    home = Path.home()
    pyenv = Path(os.environ.get("PYENV_ROOT") or home / ".pyenv") / "versions"
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or home / ".local" / "share" / "uv" / "python")
    for root, pattern in ((pyenv, f"{version}.*"), (uv, f"cpython-{version}.*")):
        yield from (str(folder / "bin" / f"python{version}") for folder in sorted(root.glob(pattern), reverse=True))


def _probe(executable: str) -> list[str] | None:
    command = [executable, "-I", "-c", _PROBE]
    try:
        shown = subprocess.run(command, capture_output=True, text=True, timeout=_PROBE_SECONDS, check=True)
        return list(json.loads(shown.stdout))
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
