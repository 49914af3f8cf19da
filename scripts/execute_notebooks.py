"""Execute the committed notebooks on the sample and keep their outputs: the intentional update of what nbval expects.

Metadata that says nothing about the result (times, versions, widths) is left out, so that a diff shows meaning.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from etl.devices_file import read_devices_file
from etl.local_pipeline import local_pipeline
from etl.sample import SAMPLE_DEVICES, SAMPLE_RAW

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


def main() -> int:
    """Execute each notebook, in order, against a fresh embedded AWS, and say which cells show something else now."""
    with local_pipeline() as pipeline, SAMPLE_RAW.open("rb") as raw:
        pipeline.load(raw=raw, s3_object_key=SAMPLE_RAW.name, devices=read_devices_file(SAMPLE_DEVICES))
        changed = [line for path in sorted(NOTEBOOKS.glob("*.ipynb")) for line in execute(path)]
    if changed:
        print("\nLook at 'git diff notebooks' before you commit: these outputs are what nbval will expect.")
    return 0


def execute(path: Path) -> list[str]:
    """Execute the notebook at `path` in place and return a line for each cell whose output changed."""
    notebook = nbformat.read(path, as_version=4)
    before = {cell.id: cell.get("outputs") for cell in notebook.cells}
    NotebookClient(
        notebook,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],  # it warns of its own transport at each start
    ).execute()
    normalise(notebook)
    nbformat.validate(notebook)
    nbformat.write(notebook, path)
    changed = [f"  {path.name}, cell {cell.id}" for cell in notebook.cells if cell.get("outputs") != before[cell.id]]
    print(f"{path.name}: {len(changed)} cells show something else", *changed, sep="\n", flush=True)
    return changed


def normalise(notebook: nbformat.NotebookNode) -> None:
    """Leave of the metadata only what the notebook needs: its kernel's name, its cells' tags."""
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    for cell in notebook.cells:
        tags = cell.metadata.get("tags")
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})


if __name__ == "__main__":
    sys.exit(main())
