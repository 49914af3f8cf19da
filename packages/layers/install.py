"""Let pip install the locked packages for the target, and read what they need."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from layers.errors import InstallError
from layers.lock import Pin
from layers.target import Target

# Settings of the user's that would send packages elsewhere, or resolve what the lock has resolved
_MISLEADING = ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_CONSTRAINT", "PYTHONHOME", "PYTHONPATH")
_SHOWN_LINES = 8


def install(pins: Iterable[Pin], target: Target, folder: Path) -> None:
    """Install these packages into a folder, from wheels for the target, each checked against its hash.

    Parameters
    ----------
    pins
        All that is wanted; nothing is resolved.
    target
        The runtime that chooses the wheels. The packages are unpacked only, so this machine may be another.
    folder
        Must not exist yet.

    Raises
    ------
    InstallError
        pip failed; the message has its last lines.
    """
    selection = folder.with_name(f"{folder.name}.txt")
    selection.write_text("".join(f"{pin.line}\n" for pin in pins), encoding="utf-8")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--progress-bar=off", "--no-deps", "--no-compile", "--require-hashes", *target.pip_options]
    # the selection is made for the target already; older pips would compare with the Python that runs them
    command += ["--ignore-requires-python", f"--target={folder}", f"--requirement={selection}"]
    environment = {name: value for name, value in os.environ.items() if name not in _MISLEADING}
    done = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        end = "\n  ".join(done.stdout.strip().splitlines()[-_SHOWN_LINES:])
        raise InstallError(
            f"pip: cannot install for Python {target.python} on {target.architecture}; found\n  {end}\n"
            f"expected a wheel with a locked hash for each package. Without a network, or with a package that has no "
            f"such wheel, layers cannot be built."
        )


def read_needs(folder: Path) -> dict[str, list[Requirement]]:
    """Return what each installed package says it needs, by canonical name; markers are still unevaluated."""
    return {
        canonicalize_name(distribution.name): [Requirement(need) for need in distribution.requires or []]
        for distribution in importlib.metadata.distributions(path=[str(folder)])
    }
