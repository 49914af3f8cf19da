"""Pack the functions' own code into build/function.zip: the same sources give the same bytes."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from layers.archive import write_zip

ROOT = Path(__file__).parents[1]
# what the zip holds, by the folder that it is relative to; the command line and the notebooks that are for people only
# are not in it
PATTERNS = {
    ".": ("etl/*.py", "etl/*/*.py", "lambda_wrappers/*.py", "notebooks/[0-9]*.ipynb", "requirements/lambda.txt"),
    "packages": ("warm_kernels/**/*.py", "notebook_report/*.py", "notebook_report/template/*"),
}
LEFT_OUT = ("etl/__main__.py", "etl/cli/*")
ZIP = ROOT / "build" / "function.zip"


def main() -> int:
    """Write the zip, whole or not at all."""
    build(ZIP)
    print(f"{ZIP.relative_to(ROOT)}: {ZIP.stat().st_size / 1024:.0f} KiB")
    return 0


def build(path: Path, *, root: Path = ROOT) -> None:
    """Write the files below `root` that `PATTERNS` names to a zip at `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as temporary:
        folder = Path(temporary) / "function"
        for base, patterns in PATTERNS.items():
            for source in (source for pattern in patterns for source in (root / base).glob(pattern)):
                name = source.relative_to(root / base)
                if any(name.match(pattern) for pattern in LEFT_OUT):
                    continue
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
        whole = Path(temporary) / path.name
        write_zip(folder, whole)
        whole.replace(path)


if __name__ == "__main__":
    sys.exit(main())
