"""Which Python compiles."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from layers import interpreter
from layers.errors import InterpreterError
from layers.interpreter import find_interpreter

RUNNING = ".".join(map(str, sys.version_info[:2]))


def put(path: Path, body: str) -> Path:
    """Put an executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the only folder on the PATH of a machine without any Python."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.delenv("PYTHON", raising=False)
    return tmp_path / "bin"


def test_takes_the_running_python_if_it_fits(machine: Path) -> None:  # noqa: ARG001 - an empty machine
    """No other process is started; the interpreter behind a virtual environment is meant."""
    found = find_interpreter(RUNNING)
    assert found.path == Path(sys._base_executable)
    assert found.full_version.startswith(f"{RUNNING}.")


def test_looks_behind_shims_and_wrong_names(machine: Path) -> None:
    """What fails, and what is another version than its name says, is passed over for what pyenv holds."""
    put(machine / "python9.9", "exit 127")
    put(machine / "python3", "echo 'cpython|3.8.1|/old'")
    put(machine.parent / "pyenv" / "versions" / "9.9.1" / "bin" / "python", "echo 'cpython|9.9.1|/right'")
    assert find_interpreter("9.9") == interpreter.Interpreter(Path("/right"), "9.9.1")


def test_honours_python_variable(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """$PYTHON comes first; where it is another version, as for ``make setup``, the search goes on."""
    put(machine / "python9.9", "echo 'cpython|9.9.1|/path'")
    mine = put(machine.parent / "mine", "echo 'cpython|9.9.2|/mine'")
    monkeypatch.setenv("PYTHON", str(mine))
    assert find_interpreter("9.9").path == Path("/mine")
    put(mine, "echo 'cpython|9.8.0|/mine'")
    assert find_interpreter("9.9").path == Path("/path")


@pytest.mark.parametrize("answer", ["pypy|9.9.1|/x", "unusable|9.9.1|/x", ""])
def test_says_what_to_install(machine: Path, answer: str) -> None:
    """Another implementation, a pre-release and a broken one do not count."""
    put(machine / "python9.9", f"echo '{answer}'")
    with pytest.raises(InterpreterError, match=r"no Python 9\.9 on this machine.*Install python9\.9"):
        find_interpreter("9.9")
