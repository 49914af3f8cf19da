"""Each folder of packages/ could be published as it is: it works without this project."""

import ast
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from etl.runs.provenance import ROOT

FOLDERS = {path.name: path for path in sorted((ROOT / "packages").iterdir()) if (path / "__init__.py").exists()}
IMPORT_ALL = """
import importlib, importlib.metadata, pkgutil, sys
name, site = sys.argv[1:]
package = importlib.import_module(name)
assert package.__file__.startswith(site), package.__file__
for module in pkgutil.walk_packages(package.__path__, name + "."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
for distribution in importlib.metadata.distributions(path=[site]):
    for entry_point in distribution.entry_points:
        entry_point.load()
"""


@pytest.fixture(scope="module")
def site_of(tmp_path_factory):
    """Return a function that installs a package from a copy of its folder, and returns the folder with it."""
    sites = {}

    def install(name):
        if name not in sites:
            folder = tmp_path_factory.mktemp(name)
            shutil.copytree(FOLDERS[name], folder / "copy", ignore=shutil.ignore_patterns("__pycache__"))
            command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--offline", "--no-deps"]
            command += ["--no-build-isolation", "--python", sys.executable, "--target", str(folder / "site")]
            subprocess.run([*command, str(folder / "copy")], check=True, timeout=120)
            sites[name] = folder / "site"
        return sites[name]

    return install


def run_python(site, *arguments, cwd):
    """Run a Python that finds an installed package and the libraries of this environment, but not this project."""
    path = os.pathsep.join([str(site), sysconfig.get_path("purelib")])
    command, environment = [sys.executable, "-S", *arguments], {**os.environ, "PYTHONPATH": path}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("name", FOLDERS)
def test_every_file_is_installed_and_every_module_and_entry_point_imports(site_of, name, tmp_path):
    """The installed package has every file that it needs, and needs no other package of this project."""
    site = site_of(name)
    answer = run_python(site, "-c", IMPORT_ALL, name, str(site), cwd=tmp_path)
    assert answer.returncode == 0, answer.stderr
    files = {path.relative_to(FOLDERS[name]) for path in FOLDERS[name].rglob("*") if path.is_file()}
    missing = {path for path in files if not (site / name / path).exists() and path.suffix != ".pyc"}
    assert {path.name for path in missing} == {"README.md", "pyproject.toml"}


@pytest.mark.slow
@pytest.mark.notebook
@pytest.mark.parametrize("name", FOLDERS)
def test_the_example_of_the_readme_runs_in_an_empty_folder(site_of, name, tmp_path):
    """The first Python example of a package's README ends without an error."""
    readme = (FOLDERS[name] / "README.md").read_text(encoding="utf-8")
    example = re.search(r"^```python\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    answer = run_python(site_of(name), "-c", example[1], cwd=tmp_path)
    assert answer.returncode == 0, answer.stderr


def test_the_entry_points_of_the_project_are_those_of_its_packages():
    """The project and its packages declare the same entry points."""
    projects = {
        folder: tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        for folder in (ROOT, *FOLDERS.values())
    }
    of_packages = {}
    for folder in FOLDERS.values():
        for group, entry_points in projects[folder].get("entry-points", {}).items():
            of_packages.setdefault(group, {}).update(entry_points)
    assert of_packages == projects[ROOT]["entry-points"]


def third_party_imports(name):
    """Return the top-level modules that a package imports and that are neither its own nor the standard library's."""
    names = set()
    for path in FOLDERS[name].rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names.update(alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                names.add(node.module.split(".")[0])
    return names - {name} - sys.stdlib_module_names


@pytest.mark.parametrize("name", FOLDERS)
def test_a_package_declares_what_it_imports(name):
    """Each imported library belongs to a distribution that the package's dependencies name."""
    project = tomllib.loads((FOLDERS[name] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    dependencies = {canonicalize_name(Requirement(text).name) for text in project["dependencies"]}
    providers = importlib.metadata.packages_distributions()
    undeclared = {
        module
        for module in third_party_imports(name)
        if not {canonicalize_name(provider) for provider in providers.get(module, [module])} & dependencies
    }
    # AWS's runtime client has this module; the package replaces it for a Python of another version
    assert undeclared - {"runtime_client"} == set()
