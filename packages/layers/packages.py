"""Let uv find the target's Python and install the locked packages; read which packages need which."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from layers.errors import RequirementsError, UvError
from layers.run_uv import uv_command, uv_environment
from layers.target import Target

_SHOWN_LINES = 8


def find_python(version: str) -> Path:
    """Return a CPython of a version such as ``3.13``: the running one, one on ``PATH``, or one of pyenv or uv.

    Raises
    ------
    UvError
        There is none; the message says what to install.
    """
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    # uv does not look into pyenv's folder, and gives up at the shim of an inactive version
    folders = [Path(sys.base_prefix, "bin"), *sorted(pyenv.glob(f"versions/{version}.*/bin"), reverse=True)]
    return Path(
        _uv(
            f"layers: no Python {version} on this machine",
            f"a CPython {version}, because layers have bytecode of exactly that version. Install python{version} (your "
            f"system's package, pyenv or uv) and put it on PATH.",
            *("python", "find", "--system", "--no-project", "--resolve-links", f"cpython@{version}"),
            path=os.pathsep.join([*map(str, folders), *os.get_exec_path()]),
        ).strip()
    )


def install(lock: Path, target: Target, folder: Path) -> None:
    """Install the lock's packages for the target into a folder, from wheels, each checked against its hash.

    Raises
    ------
    UvError
        uv failed; the message has its last lines.
    """
    _uv(
        f"layers: cannot install for {target}",
        "a wheel for the target with a locked hash for each package, and a network. Check the network; if a package "
        "has no such wheel, lock another version.",
        *("pip", "install", "--quiet", "--only-binary=:all:", "--no-deps", "--require-hashes"),
        *(f"--python-version={target.python}", f"--python-platform={target.platform}"),
        *(f"--target={folder}", f"--requirements={lock}"),
    )


def _uv(problem: str, expected: str, *arguments: str, path: str | None = None) -> str:
    """Run uv; return what it prints, or raise an error with the end of it."""
    done = subprocess.run(
        uv_command(*arguments),
        env=uv_environment() | ({"PATH": path} if path else {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        end = "\n  ".join(done.stderr.strip().splitlines()[-_SHOWN_LINES:])
        raise UvError(f"{problem}; found\n  {end}\nexpected {expected}")
    return done.stdout


def read_needs(folder: Path) -> dict[str, list[Requirement]]:
    """Return what each package in a folder needs, by canonical name; markers are not evaluated."""
    return {
        canonicalize_name(distribution.name): [Requirement(need) for need in distribution.requires or []]
        for distribution in importlib.metadata.distributions(path=[str(folder)])
    }


def read_requirements(path: Path) -> list[Requirement]:
    """Return the packages that an input file lists, in its order.

    Raises
    ------
    RequirementsError
        The file cannot be read, or a line is no requirement.
    """
    try:
        lines = [line.split("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines()]
        return [Requirement(line) for line in lines if line]
    except (OSError, InvalidRequirement) as error:
        raise RequirementsError(
            f"{path.name}: cannot be read; found {error}; expected a file with a package on each line."
        ) from error
