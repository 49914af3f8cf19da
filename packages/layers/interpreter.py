"""Find a Python of the target's version: only that one writes bytecode that Lambda's takes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from layers.errors import InterpreterError

# Must run on any Python, old ones too. A candidate may be a shim that fails, or another Python than its name says.
_PROBE = """
import platform, sys
final = sys.version_info[3] == "final" and getattr(sys, "_is_gil_enabled", lambda: True)()
print("|".join([sys.implementation.name if final else "unusable", platform.python_version(),
                getattr(sys, "_base_executable", None) or sys.executable]))
"""
_PATIENCE_SECONDS = 20


@dataclass(frozen=True)
class Interpreter:
    """A Python on this machine.

    Attributes
    ----------
    path
        The interpreter itself, not that of a virtual environment.
    full_version
        With the patch release, such as ``3.13.0``.
    """

    path: Path
    full_version: str


def find_interpreter(version: str) -> Interpreter:
    """Return a released CPython of a version such as ``3.13``.

    Asked in turn: the Python that runs this, ``$PYTHON``, the one of that name in each folder of ``PATH``, and what
    pyenv holds, active or not.

    Raises
    ------
    InterpreterError
        There is none; the message says what to install.
    """
    if sys.version_info.releaselevel == "final" and sys.implementation.name == "cpython":
        running = ".".join(map(str, sys.version_info[:3]))
        if running.startswith(f"{version}."):
            return Interpreter(Path(getattr(sys, "_base_executable", None) or sys.executable), running)
    for candidate in _candidates(version):
        found = _probe(candidate)
        if found and found.full_version.startswith(f"{version}."):
            return found
    raise InterpreterError(
        f"layers: no Python {version} on this machine; found {'.'.join(map(str, sys.version_info[:3]))} running this; "
        f"expected a CPython {version}, because layers hold bytecode of exactly that version. Install python{version} "
        f"(your system's package, pyenv or uv), or name it: PYTHON=/path/to/python{version}"
    )


def _candidates(version: str) -> Iterator[Path]:
    named = os.environ.get("PYTHON")
    if named and (path := shutil.which(named)):
        yield Path(path)
    for folder in os.get_exec_path():
        for name in (f"python{version}", "python3"):
            if folder and (path := shutil.which(name, path=folder)):
                yield Path(path)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(pyenv.glob(f"versions/{version}.*/bin/python"), reverse=True)


def _probe(candidate: Path) -> Interpreter | None:
    try:
        answer = subprocess.run(
            [candidate, "-E", "-s", "-S", "-c", _PROBE],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE_SECONDS,
        ).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return None
    implementation, _, rest = answer.partition("|")
    full_version, _, path = rest.partition("|")
    return Interpreter(Path(path), full_version) if implementation == "cpython" and path else None
