"""The target's Python, and the locked packages that uv installs for it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from made_up_wheels import WheelHouse

from layers.errors import RequirementsError, UvError
from layers.packages import find_python, install, read_needs, read_requirements
from layers.target import Target

RUNNING = ".".join(map(str, sys.version_info[:2]))
REAL = Path(sys.base_prefix, "bin", f"python{RUNNING}").resolve()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the only folder on the PATH of a machine without any Python."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "uv"))
    monkeypatch.setattr(sys, "base_prefix", str(tmp_path / "nothing"))
    return tmp_path / "bin"


def put_shim(path: Path) -> None:
    """Put an executable that fails as pyenv's shim of an inactive version does."""
    path.write_text("#!/bin/sh\necho 'pyenv: command not found' >&2\nexit 127\n", encoding="utf-8")
    path.chmod(0o755)


def test_takes_the_python_behind_the_running_virtual_environment(
    machine: Path,  # noqa: ARG001 - no other Python is there
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A running Python of the target's version is found although it is not on PATH."""
    monkeypatch.setattr(sys, "base_prefix", str(REAL.parents[1]))
    assert find_python(RUNNING) == REAL


def test_finds_what_pyenv_has_behind_a_failing_shim(machine: Path) -> None:
    """An installed but inactive version of pyenv is found, although its shim on PATH fails."""
    put_shim(machine / f"python{RUNNING}")
    installed = machine.parent / "pyenv" / "versions" / f"{RUNNING}.1" / "bin"
    installed.mkdir(parents=True)
    (installed / f"python{RUNNING}").symlink_to(REAL)
    assert find_python(RUNNING) == REAL


def test_passes_over_a_python_of_another_version_than_its_name(machine: Path) -> None:
    """An executable named after the wanted version does not count when it is another version."""
    (machine / "python3.10").symlink_to(REAL)
    with pytest.raises(UvError, match=r"no Python 3\.10 on this machine"):
        find_python("3.10")


def test_names_the_version_to_install(machine: Path) -> None:  # noqa: ARG001 - an empty machine
    """The error on a machine without the target's Python ends with what to do."""
    with pytest.raises(UvError, match=r"no Python 3\.13 on this machine(.|\n)*Install python3\.13 .* on PATH\."):
        find_python("3.13")


@pytest.mark.parametrize(
    ("target", "names"),
    [
        (Target(), {"new": "2.5", "plain-name": "1"}),
        (Target("3.12", "arm64"), {"aiohttp": "1", "new": "2.4", "only-arm": "1", "plain-name": "1"}),
    ],
    ids=str,
)
def test_installs_what_the_markers_select_for_the_target(
    wheel_house: WheelHouse, tmp_path: Path, target: Target, names: dict[str, str]
) -> None:
    """Markers are evaluated for the target, whatever Python and processor this machine has."""
    wheel_house.put("aiohttp", {}, marker="python_full_version == '3.12.*'")
    wheel_house.put("appnope", {}, marker="sys_platform == 'darwin'")
    wheel_house.put("cffi", {}, marker="implementation_name == 'pypy'")
    wheel_house.put("new", {}, version="2.4", marker="python_full_version < '3.13'")
    wheel_house.put("new", {}, version="2.5", marker="python_full_version >= '3.13'")
    wheel_house.put("only-arm", {}, marker="platform_machine == 'aarch64'")
    wheel_house.put("Plain_Name", {})
    install(wheel_house.write(), target, tmp_path / "installed")
    assert set(read_needs(tmp_path / "installed")) == set(names)
    versions = {path.name.split("-")[0]: path.name.split("-")[1] for path in (tmp_path / "installed").glob("*-info")}
    assert {name.lower().replace("_", "-"): text.removesuffix(".dist") for name, text in versions.items()} == names


@pytest.mark.parametrize(
    ("line", "reason"),
    [("boto3==1", "boto3==1"), ("boto3>=1 --hash=sha256:" + "a" * 64, "boto3>=1")],
    ids=["no hash", "no version"],
)
def test_refuses_a_lock_that_pins_nothing(wheel_house: WheelHouse, tmp_path: Path, line: str, reason: str) -> None:
    """An entry without a hash or without one version is an error that names the entry."""
    wheel_house.put("boto3", {})
    wheel_house.lock.write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises(UvError, match="cannot install for Python") as caught:
        install(wheel_house.lock, Target(), tmp_path / "installed")
    assert reason in str(caught.value)


def test_refuses_a_lock_with_two_versions_for_the_target(wheel_house: WheelHouse, tmp_path: Path) -> None:
    """Two entries of one package that both apply are an error that names the package."""
    wheel_house.put("boto3", {}, version="1")
    wheel_house.put("boto3", {}, version="2")
    with pytest.raises(UvError, match="boto3"):
        install(wheel_house.write(), Target(), tmp_path / "installed")


def test_reads_an_input_with_its_comments(tmp_path: Path) -> None:
    """The comment behind a package, which names its purpose, is no part of the requirement."""
    path = tmp_path / "lambda.in"
    path.write_text("# all\npapermill   # runs\n\nboto3>=1\n", encoding="utf-8")
    assert [str(requirement) for requirement in read_requirements(path)] == ["papermill", "boto3>=1"]


@pytest.mark.parametrize("content", [None, "-r other.in\n"], ids=["missing", "an option"])
def test_refuses_an_input_that_it_cannot_read(tmp_path: Path, content: str | None) -> None:
    """A missing input, or a line that is no requirement, is an error that names the file."""
    if content:
        (tmp_path / "lambda.in").write_text(content, encoding="utf-8")
    with pytest.raises(RequirementsError, match=r"^lambda\.in: cannot be read; found (.|\n)*; expected a file"):
        read_requirements(tmp_path / "lambda.in")
