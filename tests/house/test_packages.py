"""Each folder of packages/ could be published as it is: it has a README, and needs nothing that it does not declare."""

from __future__ import annotations

import ast
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from etl.runs.provenance import ROOT

PACKAGES = sorted(path.parent.name for path in (ROOT / "packages").glob("*/__init__.py"))
EXAMPLE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def declared(package: str) -> dict[str, object]:
    """Return what a package's own ``pyproject.toml`` declares of the project."""
    project: dict[str, object] = tomllib.loads(
        (ROOT / "packages" / package / "pyproject.toml").read_text(encoding="utf-8")
    )["project"]
    return project


def third_party_imports(package: str) -> set[str]:
    """Return the top-level modules that a package imports and that are neither its own nor the standard library's."""
    names = set()
    for path in (ROOT / "packages" / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names.update(alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module.split(".")[0])
    return names - {package} - sys.stdlib_module_names


@pytest.mark.parametrize("package", PACKAGES)
def test_the_package_declares_what_it_imports(package: str) -> None:
    """Each imported library belongs to a distribution that the package's dependencies name."""
    dependencies = {canonicalize_name(Requirement(text).name) for text in declared(package)["dependencies"]}
    providers = importlib.metadata.packages_distributions()
    undeclared = {
        name
        for name in third_party_imports(package)
        if not {canonicalize_name(provider) for provider in providers.get(name, [name])} & dependencies
    }
    # its module is made by the package itself, at run time, for a function that has AWS's runtime client only
    assert undeclared - {"runtime_client"} == set()


@pytest.mark.slow
@pytest.mark.parametrize("package", PACKAGES)
def test_the_package_installs_and_imports_alone(package: str, tmp_path: Path) -> None:
    """A copy of the folder, installed into an empty folder, is importable without anything else of this project."""
    shutil.copytree(
        ROOT / "packages" / package, tmp_path / "source", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
    )
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*install, f"--target={tmp_path / 'site'}", str(tmp_path / "source")], check=True)
    installed = tmp_path / "site" / package
    assert (installed / "py.typed").exists()
    shipped = {str(path.relative_to(installed)) for path in installed.rglob("*.py")}
    source = ROOT / "packages" / package
    assert shipped == {str(path.relative_to(source)) for path in source.rglob("*.py")}
    code = f"import {package}; print({package}.__file__)"
    answer = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == str(installed / "__init__.py")


@pytest.mark.slow
@pytest.mark.functional
@pytest.mark.parametrize("package", PACKAGES)
def test_the_example_of_the_readme_runs(package: str, tmp_path: Path) -> None:
    """The README's Python example runs in an empty folder, ends by itself, and asserts or prints its result."""
    (example,) = EXAMPLE.findall((ROOT / "packages" / package / "README.md").read_text(encoding="utf-8"))
    answer = subprocess.run(
        [sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout or "\nassert " in example.replace("    ", "")
