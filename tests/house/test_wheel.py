"""``pip install .`` gives a package that works: what a wheel of this project has, and what it does not have."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("etl", "lambda_wrappers", "layers", "local_aws", "notebook_report", "warm_kernels")

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]


def tracked_files() -> list[str]:
    """Return the files of the working tree that belong to the project."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def build_wheel(source: Path, folder: Path) -> Path:
    """Build the wheel of a source tree without the network; return it."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--disable-pip-version-check",
        "--no-index",
        "--no-deps",
    ]
    command += ["--no-build-isolation", "--wheel-dir", str(folder), str(source)]
    subprocess.run(command, check=True, timeout=120)
    (wheel,) = folder.glob("*.whl")
    return wheel


def install(wheel: Path, folder: Path) -> Path:
    """Install a wheel, without what it needs, into a folder; return the folder."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"]
    subprocess.run([*command, "--no-deps", "--target", str(folder), str(wheel)], check=True, timeout=120)
    return folder


def run(code: str, installed: Path, folder: Path) -> str:
    """Run code that imports the installed packages first, in a folder without this project; return what it prints."""
    begin = f"import sys; sys.path.insert(0, {str(installed)!r}); "
    command = [sys.executable, "-P", "-c", begin + code]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the wheel of a copy of the project."""
    copy = tmp_path_factory.mktemp("source")
    for name in tracked_files():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, copy / name)
    return build_wheel(copy, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which the wheel is installed, and nothing else."""
    return install(wheel, tmp_path_factory.mktemp("installed") / "packages")


def test_the_wheel_has_every_package_with_its_types_and_data(wheel: Path) -> None:
    """Each package has all of its modules and py.typed; the report has its template."""
    names = set(zipfile.ZipFile(wheel).namelist())
    modules = {name.removeprefix("packages/") for name in tracked_files() if name.endswith(".py")}
    assert {name for name in modules if name.split("/")[0] in PACKAGES} <= names
    assert {f"{package}/py.typed" for package in PACKAGES} <= names
    assert {"notebook_report/template/page.css", "notebook_report/template/page.html.j2"} <= names


def test_the_wheel_has_no_test_and_no_notebook(wheel: Path) -> None:
    """Only the packages and their metadata are in the wheel."""
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == set(PACKAGES)
    assert [name for name in names if name.endswith(".ipynb") or "test_" in name] == []


def test_the_packages_are_imported_from_the_installation(installed: Path, tmp_path: Path) -> None:
    """Each package is imported from an empty folder, without the working tree."""
    for module in ("etl.join", "lambda_wrappers", "layers.build", "local_aws", "notebook_report", "warm_kernels"):
        printed = run(f"import {module} as module; print(module.__file__)", installed, tmp_path)
        assert printed.startswith(str(installed))


def test_papermill_and_jupyter_find_the_warm_kernels(installed: Path) -> None:
    """The entry points of the papermill engine and of the kernel provisioner can be loaded."""
    (project,) = distributions(path=[str(installed)])
    groups = {entry.group: entry.load() for entry in project.entry_points}
    assert groups["papermill.engine"].__name__ == "WarmEngine"
    assert groups["jupyter_client.kernel_provisioners"].__name__ == "WarmForkProvisioner"


def test_the_installed_package_declares_what_it_needs(installed: Path) -> None:
    """The functions' packages are needed always; moto is needed by the command line only."""
    (project,) = distributions(path=[str(installed)])
    needs = project.requires or []
    assert {"papermill", "pandas", "pyarrow"} <= {need for need in needs if ";" not in need}
    assert [need for need in needs if need.startswith("moto") and 'extra == "local"' in need]


def test_the_command_line_outside_the_project_says_where_it_works(installed: Path, tmp_path: Path) -> None:
    """``etl run`` without the notebooks beside it is one line on stderr, and exit status 2."""
    code = "from etl.cli.main import main; print(main(['run', '--raw', 'a', '--devices', 'b']))"
    command = [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(installed)!r}); {code}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout == "2\n"
    assert done.stderr.startswith("etl run: ")
    assert done.stderr.count("\n") == 1
    assert "serverless.yml" in done.stderr


def test_the_layer_builder_can_be_published_alone(tmp_path: Path) -> None:
    """A copy of packages/layers alone builds a wheel that is imported without the rest of the project."""
    shutil.copytree(ROOT / "packages" / "layers", tmp_path / "layers", ignore=shutil.ignore_patterns("__pycache__"))
    wheel = build_wheel(tmp_path / "layers", tmp_path / "wheel")
    names = zipfile.ZipFile(wheel).namelist()
    assert {"layers/build.py", "layers/py.typed"} <= set(names)
    installed = install(wheel, tmp_path / "installed")
    printed = run("import layers.build; print(layers.build.__file__)", installed, tmp_path)
    assert printed.startswith(str(installed))
