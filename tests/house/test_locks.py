"""The locks, the environment file and the lists they are made from agree."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lock import LOCKS, REQUIREMENTS, ROOT


class Pin(NamedTuple):
    """One entry of a lock."""

    requirement: Requirement
    hashes: list[str]

    @property
    def name(self) -> str:
        """The canonical package name."""
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str:
        """The one version that the entry allows."""
        (specifier,) = self.requirement.specifier
        assert specifier.operator == "=="
        return specifier.version


def read_lock(name: str) -> list[Pin]:
    """Return the entries of a lock; a package may have several, for different Pythons."""
    text = (REQUIREMENTS / f"{name}.txt").read_text(encoding="utf-8").replace("\\\n", " ")
    pins = []
    for line in text.splitlines():
        spec, *hashes = line.split("--hash=")
        if spec.strip() and not spec.startswith("#"):
            pins.append(Pin(Requirement(spec.strip()), [value.strip() for value in hashes]))
    return pins


def read_input(name: str) -> list[Requirement]:
    """Return what the input files of a lock list."""
    return [
        Requirement(text)
        for source in LOCKS[name]
        for line in (REQUIREMENTS / f"{source}.in").read_text(encoding="utf-8").splitlines()
        if (text := line.split("#")[0].strip())
    ]


def versions(name: str) -> dict[str, set[tuple[str, str]]]:
    """Return package → its (version, Pythons and platforms) pairs in a lock."""
    found: dict[str, set[tuple[str, str]]] = {}
    for pin in read_lock(name):
        found.setdefault(pin.name, set()).add((pin.version, str(pin.requirement.marker or "")))
    return found


@pytest.fixture(scope="module")
def environment() -> list[Requirement]:
    """Return the pip packages of ``environment.yml``."""
    content = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert content["dependencies"][:2] == ["python=3.13", "pip"]
    return [Requirement(line) for line in content["dependencies"][2]["pip"]]


@pytest.mark.parametrize("name", ["dev", "lambda"])
def test_every_direct_package_is_locked(name: str) -> None:
    """Each package of an input file is in its lock, at a version that the input file allows."""
    locked = {pin.name: pin for pin in read_lock(name)}
    for wanted in read_input(name):
        pin = locked.get(canonicalize_name(wanted.name))
        assert pin, f"requirements/{name}.txt: {wanted.name} is missing; run make lock"
        assert pin.version in wanted.specifier


@pytest.mark.parametrize("name", ["dev", "lambda"])
def test_every_entry_has_hashes(name: str) -> None:
    """Each entry of a lock carries at least one sha256."""
    pins = read_lock(name)
    assert pins
    assert [pin.name for pin in pins if not pin.hashes] == []
    assert all(re.fullmatch("sha256:[0-9a-f]{64}", value) for pin in pins for value in pin.hashes)


def test_functions_are_locked_to_the_versions_that_are_tested() -> None:
    """Each version of lambda.txt, for each Python, is that of dev.txt."""
    tested = versions("dev")
    for package, locked in versions("lambda").items():
        assert {version for version, _ in locked} == {version for version, _ in tested[package]}, package


def test_environment_has_the_versions_of_the_lock(environment: list[Requirement]) -> None:
    """Each pin of environment.yml is dev.txt's version for that Python, and each direct package has one."""
    locked = {
        pin.name: pin.version
        for pin in read_lock("dev")
        if not pin.requirement.marker
        or pin.requirement.marker.evaluate({"python_version": "3.13", "python_full_version": "3.13.0"})
    }
    pins = {canonicalize_name(pin.name): str(pin.specifier) for pin in environment}
    assert pins == {name: f"=={locked[name]}" for name in (canonicalize_name(r.name) for r in read_input("dev"))}


def test_environment_keeps_the_extras(environment: list[Requirement]) -> None:
    """A package's extras are those of the input file."""
    extras = {canonicalize_name(wanted.name): wanted.extras for wanted in read_input("dev")}
    assert {canonicalize_name(pin.name): pin.extras for pin in environment} == extras


def test_environment_has_what_an_analyst_expects(environment: list[Requirement]) -> None:
    """The packages that a notebook-driven pipeline is known for are there."""
    names = {pin.name for pin in environment}
    assert names >= {"jupyterlab", "papermill", "pandas", "boto3", "nbval", "matplotlib", "moto"}


@pytest.mark.parametrize("path", sorted(REQUIREMENTS.iterdir()), ids=lambda path: path.name)
def test_no_file_names_an_index_or_a_host(path: Path) -> None:
    """The locks install from any mirror: no file has an option or an address."""
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"://|--(extra-)?index-url|--find-links|--trusted-host|resolved|@ ", text)
    assert [line for line in text.splitlines() if line.startswith("-")] == []


def test_every_direct_package_says_what_it_is_for() -> None:
    """Each line of an input file that names a package has a comment."""
    for path in sorted(REQUIREMENTS.glob("*.in")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip() and not line.startswith("#"):
                assert re.search(r"\s# \w", line), f"{path.name}: {line}"


def test_an_installed_package_needs_what_the_locks_are_made_from() -> None:
    """The dependencies and extras that pyproject.toml declares are read from the input files of the locks."""
    dynamic = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["dynamic"]
    extras = dynamic["optional-dependencies"]
    assert dynamic["dependencies"]["file"] == [f"requirements/{name}.in" for name in LOCKS["lambda"]]
    assert extras["local"]["file"] == ["requirements/local.in"]
    assert {*dynamic["dependencies"]["file"], *extras["dev"]["file"]} == {
        f"requirements/{name}.in" for name in LOCKS["dev"]
    }
    assert {path.stem for path in REQUIREMENTS.glob("*.in")} == set(LOCKS["dev"])


@pytest.mark.parametrize(
    ("package", "names"),
    [
        ("warm_kernels", ["lambda"]),
        ("notebook_report", ["lambda"]),
        ("local_aws", ["lambda", "local"]),
        ("layers", ["lambda", "local", "dev"]),
    ],
)
def test_an_installed_project_has_what_its_packages_need(package: str, names: list[str]) -> None:
    """The project's dependencies, and those of the extra that uses a package, bring each one that it declares."""
    path = ROOT / "packages" / package / "pyproject.toml"
    dependencies = tomllib.loads(path.read_text(encoding="utf-8"))["project"]["dependencies"]
    lines = [line for name in names for line in (REQUIREMENTS / f"{name}.in").read_text(encoding="utf-8").splitlines()]
    waiting = [Requirement(text) for line in lines if (text := line.split("#")[0].strip())]
    installed: set[str] = set()
    while waiting:
        requirement = waiting.pop()
        if canonicalize_name(requirement.name) in installed:
            continue
        installed.add(canonicalize_name(requirement.name))
        needs = map(Requirement, importlib.metadata.distribution(requirement.name).requires or [])
        extras = requirement.extras or {""}
        waiting += [n for n in needs if not n.marker or any(n.marker.evaluate({"extra": extra}) for extra in extras)]
    assert {canonicalize_name(Requirement(text).name) for text in dependencies} - installed == set()
