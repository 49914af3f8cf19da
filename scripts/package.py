"""Build the zips of functions and layers, without Docker, and check that each function fits into Lambda.

The layers are built from requirements/lambda.txt for Lambda, on any machine, into build/layers; a second call with
nothing changed ends at once. Needs the package index, and a Python of the functions' version.

Exit status: 0 the zips are there and fit, 1 they could not be built or do not fit (a message says why), 2 wrong usage.
"""

from __future__ import annotations

import argparse
import re
import shutil
import signal
import sys
import tempfile
import zipfile
from pathlib import Path

from layers.archive import write_zip
from layers.budget import check_budget, size_table
from layers.build import build_layers
from layers.built import BuiltLayer
from layers.errors import LayersError
from layers.target import MACHINES, PYTHONS, Target
from local_aws.cloudformation.yaml_files import read_yaml

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements" / "lambda.txt"
LAYERS = ROOT / "build" / "layers"
FUNCTION = ROOT / "build" / "function.zip"
# The direct packages of each layer beside base. All three layers together are too large for one function.
EXTRA_LAYERS = {"report": ("matplotlib", "matplotlib-fontja", "nbconvert"), "arrow": ("pyarrow",)}
# Packages that others need, but no headless notebook
UNNEEDED = {
    "debugpy": "stops at breakpoints, and costs each kernel 0.12 s to start",
    "jedi": "completes what someone types",
    "parso": "needed by jedi only",
}
# The files of the function's zip, by the folder that is its root; the command line is for people's machines only
FUNCTION_FILES = {
    ".": ("etl/*.py", "etl/*/*.py", "lambda_wrappers/*.py", "notebooks/[0-9]*.ipynb", "requirements/lambda.txt"),
    "packages": ("warm_kernels/**/*.py", "notebook_report/*.py", "notebook_report/template/*"),
}
NOT_IN_FUNCTION = ("etl/__main__.py", "etl/cli/*")


def main(arguments: list[str] | None = None) -> int:
    """Build the zips, check and print their sizes; return the exit status."""
    options = _parser().parse_args(arguments)
    # as Ctrl-C: uv is stopped and the unfinished build is removed
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        layers = build_project_layers(Target(options.python, options.architecture), options.out)
        build_function(FUNCTION)
        sizes = check_budget(layers_of_functions(), layers, code_bytes=unzipped_bytes(FUNCTION))
    except KeyboardInterrupt:
        print("Stopped; nothing was changed.", flush=True)
        return 128 + signal.SIGINT
    except LayersError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{FUNCTION.relative_to(ROOT)} and {', '.join(str(options.out / f'{layer.name}.zip') for layer in layers)}\n")
    print(size_table(layers, sizes))
    return 0


def build_project_layers(target: Target = Target(), out: Path = LAYERS) -> list[BuiltLayer]:  # noqa: B008 - frozen
    """Build this project's layers into a folder, unless they are there already."""
    return build_layers(
        target,
        out,
        lock=LOCK,
        extra_layers=EXTRA_LAYERS,
        unneeded=UNNEEDED,
        progress=lambda line: print(line, flush=True),
    )


def build_function(path: Path, *, root: Path = ROOT) -> None:
    """Write the function's files below `root` to a zip, whole or not at all; the same files give the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as temporary:
        folder = Path(temporary) / "function"
        for base, patterns in FUNCTION_FILES.items():
            for source in (source for pattern in patterns for source in (root / base).glob(pattern)):
                name = source.relative_to(root / base)
                if not any(name.match(pattern) for pattern in NOT_IN_FUNCTION):
                    (folder / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(source, folder / name)
        write_zip(folder, Path(temporary) / path.name)
        (Path(temporary) / path.name).replace(path)


def unzipped_bytes(zip_file: Path) -> int:
    """Return the size of a zip's content."""
    with zipfile.ZipFile(zip_file) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def layers_of_functions(service: Path = ROOT / "serverless.yml") -> dict[str, list[str]]:
    """Return the layers of each function in serverless.yml, which names them as CloudFormation does."""
    return {
        name: [re.sub(r"LambdaLayer$", "", reference["Ref"]).lower() for reference in function.get("layers", [])]
        for name, function in read_yaml(service)["functions"].items()
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--architecture", choices=MACHINES, default="x86_64", help="processor of the functions (default: %(default)s)"
    )
    parser.add_argument(
        "--python", choices=PYTHONS, default=PYTHONS[0], help="Python of the functions (default: %(default)s)"
    )
    parser.add_argument(
        "--out", type=Path, default=LAYERS, metavar="FOLDER", help="the layers' (default: build/layers)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
