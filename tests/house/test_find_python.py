"""Which interpreter the set-up takes, shown with imitated ones on a PATH of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "find_python.sh"


class Machine:
    """A machine with the interpreters that a test puts on it, and nothing else."""

    def __init__(self, root: Path) -> None:
        self.home = root / "home"
        self.bin = root / "a folder" / "bin"

    def put(self, path: Path, body: str) -> Path:
        """Put an executable shell script."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        path.chmod(0o755)
        return path

    def put_python(self, path: Path, version: str, problem: str = "") -> Path:
        """Put an executable that answers the script's probe as a Python of that version does."""
        return self.put(path, f"echo '{version}|{problem}|{path}'")

    def find(self, *folders: Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the script on this machine, with ``bin`` and these folders on its PATH."""
        path = ":".join(map(str, [*folders, self.bin]))
        return subprocess.run(
            ["/bin/sh", str(SCRIPT)],
            env={"PATH": path, "HOME": str(self.home), **environment},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Return a machine without any Python."""
    return Machine(tmp_path)


def test_prefers_3_13(machine: Machine) -> None:
    """The newest supported version is taken, whatever plain python3 is."""
    machine.put_python(machine.bin / "python3", "3.11.2")
    machine.put_python(machine.bin / "python3.12", "3.12.1")
    newest = machine.put_python(machine.bin / "python3.13", "3.13.0")
    answer = machine.find()
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, f"{newest}\n", "")


def test_takes_3_13_under_a_plain_name(machine: Machine) -> None:
    """A python3 that is 3.13 wins over a python3.12."""
    machine.put_python(machine.bin / "python3.12", "3.12.1")
    plain = machine.put_python(machine.bin / "python3", "3.13.0")
    assert machine.find().stdout == f"{plain}\n"


def test_falls_back_to_3_11(machine: Machine) -> None:
    """3.11 is taken where neither 3.13 nor 3.12 is there; 3.14 is not supported."""
    machine.put_python(machine.bin / "python3", "3.14.0", "is not 3.11, 3.12 or 3.13")
    oldest = machine.put_python(machine.bin / "python3.11", "3.11.2")
    assert machine.find().stdout == f"{oldest}\n"


def test_looks_behind_a_failing_shim(machine: Machine, tmp_path: Path) -> None:
    """A shim that fails hides neither the same name later on PATH nor other versions."""
    shims = tmp_path / "shims"
    machine.put(shims / "python3.13", "echo 'pyenv: python3.13: command not found' >&2; exit 127")
    real = machine.put_python(machine.bin / "python3.13", "3.13.0")
    assert machine.find(shims).stdout == f"{real}\n"
    real.unlink()
    older = machine.put_python(machine.bin / "python3.12", "3.12.1")
    assert machine.find(shims).stdout == f"{older}\n"


def test_finds_an_inactive_version_of_pyenv(machine: Machine) -> None:
    """A version that pyenv has installed is found although its shim fails."""
    machine.put(machine.bin / "python3.13", "exit 127")
    installed = machine.put_python(machine.home / ".pyenv/versions/3.13.0/bin/python", "3.13.0")
    machine.put_python(machine.bin / "python3.12", "3.12.1")
    assert machine.find().stdout == f"{installed}\n"
    assert machine.find(PYTHON="python3.13").stdout == f"{installed}\n"


def test_skips_a_python_that_cannot_make_a_venv(machine: Machine) -> None:
    """An older Python that is complete is preferred to Debian's python3 without python3-venv."""
    machine.put_python(machine.bin / "python3.13", "3.13.0", "has no module ensurepip")
    complete = machine.put_python(machine.bin / "python3.11", "3.11.2")
    assert machine.find().stdout == f"{complete}\n"


def test_honours_python_variable(machine: Machine) -> None:
    """$PYTHON wins over a newer one, as a name and as a path."""
    machine.put_python(machine.bin / "python3.13", "3.13.0")
    wanted = machine.put_python(machine.bin / "python3.11", "3.11.2")
    assert machine.find(PYTHON="python3.11").stdout == f"{wanted}\n"
    assert machine.find(PYTHON=str(wanted)).stdout == f"{wanted}\n"


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ("python3.12", "does not run"),
        ("python9", "nothing of that name on PATH"),
        ("/no/python", "does not run"),
    ],
)
def test_refuses_a_python_variable_that_does_not_work(machine: Machine, wanted: str, reason: str) -> None:
    """A $PYTHON that cannot be used is an error that says why; no other is taken in its place."""
    machine.put_python(machine.bin / "python3.13", "3.13.0")
    machine.put(machine.bin / "python3.12", "exit 1")
    answer = machine.find(PYTHON=wanted)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert f"PYTHON={wanted} is not usable" in answer.stderr
    assert reason in answer.stderr


def test_says_what_was_found_when_nothing_is_usable(machine: Machine) -> None:
    """The error lists each candidate with its reason, what is expected, and what to do."""
    old = machine.put_python(machine.bin / "python3", "3.9.2", "is not 3.11, 3.12 or 3.13")
    shim = machine.put(machine.bin / "python3.13", "exit 127")
    answer = machine.find()
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr == (
        "find_python: no usable Python; found\n"
        f"  {shim}: does not run\n"
        f"  {old} (3.9.2): is not 3.11, 3.12 or 3.13\n"
        "expected CPython 3.11, 3.12 or 3.13 that can make a virtual environment."
        " Install one, or name it: make setup PYTHON=/path/to/python3.13\n"
    )


def test_says_that_there_is_no_python(machine: Machine) -> None:
    """A machine without any Python gets the same error, with an empty list."""
    assert "found none on PATH" in machine.find().stderr


def test_probes_the_interpreter_behind_a_real_python(machine: Machine) -> None:
    """The Python that runs these tests answers the probe with the one behind its virtual environment."""
    answer = machine.find(PYTHON=sys.executable)
    assert answer.returncode == 0
    assert answer.stdout == f"{sys._base_executable}\n"
