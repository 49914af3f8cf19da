"""Remake ``requirements/*.txt`` and ``environment.yml`` from ``requirements/*.in``.

Keeps the locked versions as far as the ``.in`` files allow; ``--upgrade`` takes the newest.
The locks are universal (every platform, Python 3.11 to 3.13) and name no index: they install from any mirror.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from layers.packages import read_requirements
from layers.run_uv import uv_command, uv_environment

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
# The input files of each lock
LOCKS = {"dev": ("lambda", "local", "dev"), "lambda": ("lambda",)}
OUTPUTS = [*(REQUIREMENTS / f"{name}.txt" for name in LOCKS), ROOT / "environment.yml"]
MIN_PYTHON = "3.11"
CONDA_PYTHON = "3.13"


def main() -> int:
    """Remake the three files and print which of them changed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions")
    upgrade = ["--upgrade"] if parser.parse_args().upgrade else []
    before = {path: path.read_text(encoding="utf-8") for path in OUTPUTS if path.exists()}
    print("Locking requirements/dev.txt, requirements/lambda.txt ...", flush=True)
    compile_lock("dev", *upgrade)
    # A constraint, so that the functions run on the very versions that were tested
    compile_lock("lambda", "--constraints", "requirements/dev.txt", "--upgrade")
    direct = [package for name in LOCKS["dev"] for package in read_requirements(REQUIREMENTS / f"{name}.in")]
    OUTPUTS[-1].write_text(conda_environment(direct, pinned_versions("dev")), encoding="utf-8")
    for path in OUTPUTS:
        changed = before.get(path) != path.read_text(encoding="utf-8")
        print(f"{path.relative_to(ROOT)}: {'changed' if changed else 'unchanged'}")
    return 0


def compile_lock(name: str, *options: str) -> None:
    """Write ``requirements/<name>.txt`` from its input files."""
    command = uv_command("pip", "compile", "--quiet", "--universal", "--python-version", MIN_PYTHON)
    command += ["--generate-hashes", "--no-header", "--no-annotate", *options]
    command += [*(f"requirements/{source}.in" for source in LOCKS[name]), "--output-file", f"requirements/{name}.txt"]
    # A further index or folder may have only some wheels of a version; the lock needs the hashes of all
    environment = {name: value for name, value in uv_environment().items() if name not in {"UV_INDEX", "UV_FIND_LINKS"}}
    status = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    if status:
        sys.exit(status)


def pinned_versions(name: str) -> dict[str, str]:
    """Return package → version in ``requirements/<name>.txt`` for the conda environment's Python."""
    environment = {"python_version": CONDA_PYTHON, "python_full_version": f"{CONDA_PYTHON}.0"}
    pins: dict[str, str] = {}
    for line in (REQUIREMENTS / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith((" ", "#")):
            pin = Requirement(line.removesuffix("\\"))
            if pin.marker is None or pin.marker.evaluate(environment):
                pins[canonicalize_name(pin.name)] = next(iter(pin.specifier)).version
    return pins


def conda_environment(direct: list[Requirement], pins: dict[str, str]) -> str:
    """Return ``environment.yml``: Python from conda-forge, the direct packages from pip as locked."""
    lines = [
        '# Made from requirements/dev.txt by "make lock"; do not edit. Create and finish it with:',
        "#   conda env create --file environment.yml",
        "#   conda activate device-operation-history",
        "#   pip install -e . --no-deps",
        "name: device-operation-history",
        "channels:",
        "  - conda-forge",
        "  - nodefaults",
        "dependencies:",
        f"  - python={CONDA_PYTHON}",
        "  - pip",
        "  - pip:",
    ]
    for package in direct:
        extras = f"[{','.join(sorted(package.extras))}]" if package.extras else ""
        lines.append(f"      - {package.name}{extras}=={pins[canonicalize_name(package.name)]}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
