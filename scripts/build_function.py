"""Pack the functions' own code into build/function.zip: the same sources give the same bytes."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from layers.archive import write_zip

ROOT = Path(__file__).parents[1]
PATTERNS = (
    "etl/*.py",
    "lambda_wrappers/*.py",
    "warm_kernels/*.py",
    "notebook_report/*.py",
    "notebook_report/template/*",
    "notebooks/[0-9]*.ipynb",  # the numbered ones are the pipeline's, the others are for people
    "requirements/lambda.txt",
)
ZIP = ROOT / "build" / "function.zip"


def main() -> int:
    """Write the zip, whole or not at all."""
    build(ZIP)
    print(f"{ZIP.relative_to(ROOT)}: {ZIP.stat().st_size / 1024:.0f} KiB")
    return 0


def build(path: Path, *, root: Path = ROOT) -> None:
    """Write all files below `root` that match `PATTERNS` to a zip at `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as temporary:
        folder = Path(temporary) / "function"
        for source in sorted(source for pattern in PATTERNS for source in root.glob(pattern)):
            target = folder / source.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        whole = Path(temporary) / path.name
        write_zip(folder, whole)
        whole.replace(path)


if __name__ == "__main__":
    sys.exit(main())
