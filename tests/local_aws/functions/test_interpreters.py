"""Tests of finding a Python, and of keeping it apart from ours."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from local_aws.errors import RuntimeNotFoundError
from local_aws.functions.runtime.interpreters import find_installed, find_interpreter
from local_aws.functions.runtime.isolated_python import IsolatedPythons

_RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"


def test_the_running_version_is_our_own_installation() -> None:
    """Returns the installation that runs us, not its virtual environment."""
    found = find_interpreter(_RUNNING)
    assert found.base == Path(sys.base_prefix)
    assert found.executable.is_relative_to(found.base)


def test_a_program_that_only_claims_a_version_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Skips a program that fails, such as a shim for a missing version, and one of another version."""
    for name in ("python3.99", "python3.98"):
        (tmp_path / name).write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n', encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "python3.98").write_text("#!/bin/sh\nexit 127\n", encoding="utf-8")
    monkeypatch.setenv("PATH", str(tmp_path))
    for version in ("3.98", "3.99"):
        with pytest.raises(
            RuntimeNotFoundError, match=f"no Python {version}; found {_RUNNING}; expected python{version}"
        ):
            find_interpreter(version)


def test_a_shim_that_fails_does_not_hide_an_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Finds a Python of the version behind a program of its name that fails and comes first on PATH."""
    own = find_interpreter(_RUNNING).executable
    shim = tmp_path / f"python{_RUNNING}"
    shim.write_text("#!/bin/sh\nexit 127\n", encoding="utf-8")
    shim.chmod(0o755)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / shim.name).symlink_to(own)
    monkeypatch.setenv("PATH", f"{tmp_path}:{tmp_path / 'bin'}")
    assert find_installed(_RUNNING) == own


@pytest.mark.parametrize(
    ("variable", "folder"),
    [("PYENV_ROOT", "versions/{version}"), ("UV_PYTHON_INSTALL_DIR", "cpython-{version}-{platform}")],
)
def test_an_installation_of_pyenv_or_uv_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, folder: str
) -> None:
    """Finds an installation that is not on PATH in the folder that the tool's own variable names."""
    for name in ("PATH", "HOME", "PYENV_ROOT", "UV_PYTHON_INSTALL_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "empty"))
    assert find_installed(_RUNNING) is None
    system = "macos-{}-none" if sys.platform == "darwin" else "linux-{}-gnu"
    machine = {"arm64": "aarch64"}.get(platform.machine(), platform.machine())
    installation = folder.format(version=platform.python_version(), platform=system.format(machine))
    own = find_interpreter(_RUNNING).executable
    executable = tmp_path / variable / installation / "bin" / f"python{_RUNNING}"
    executable.parent.mkdir(parents=True)
    executable.symlink_to(own)
    monkeypatch.setenv(variable, str(tmp_path / variable))
    assert find_installed(_RUNNING) == own


@pytest.mark.parametrize("runtime", ["nodejs22.x", "python2.7", "", "provided.al2023"])
def test_another_language_is_an_error(tmp_path: Path, runtime: str) -> None:
    """Raises an error with the runtime found and those that can be run."""
    with pytest.raises(RuntimeNotFoundError, match=f"found '{runtime}'; expected python3.X"):
        IsolatedPythons(tmp_path).get(runtime)


def test_an_isolated_python_has_the_standard_library_and_no_packages(tmp_path: Path) -> None:
    """Offers no packages to a program and its children, and only the runtime client and its dependencies beside it."""
    python = IsolatedPythons(tmp_path).get(f"python{_RUNNING}")
    code = (
        "import subprocess, sys, json\n"
        "try: import pytest\n"
        "except ImportError: print('none')\n"
        "if len(sys.argv) == 1: subprocess.run([sys.executable, __file__, 'child'], check=True)\n"
    )
    script = tmp_path / "script.py"
    script.write_text(code, encoding="utf-8")
    command = [python.lang / "bin" / "python3", script]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, env={})
    assert shown.stdout.split() == ["none", "none"]
    names = {path.name.partition(".")[0] for path in python.runtime.iterdir()}
    assert names == {"bootstrap", "awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py"}
