"""Execute the committed notebooks on the sample: the intentional update of what nbval expects.

What changed is shown before anything is written, and written only when it is accepted: by an answer on a terminal, or
by 'make notebooks ACCEPT=1'. Metadata that says nothing about the result (times, versions, widths) is left out, so that
a diff shows meaning.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from etl.cli.local_pipeline import local_pipeline
from etl.cli.sample import SAMPLE_DEVICES, SAMPLE_RAW
from etl.storage.devices_file import read_devices_file
from notebook_changes import changes

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
MOST_EVALUE = 300


class NotebookFailedError(Exception):
    """A cell raised, or its kernel died."""


def main() -> int:
    """Execute the notebooks against a fresh embedded AWS, and review what changed; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accept", action="store_true", help="write what changed without asking")
    options = parser.parse_args()
    try:
        with local_pipeline() as pipeline, SAMPLE_RAW.open("rb") as raw:
            pipeline.load(raw=raw, s3_object_key=SAMPLE_RAW.name, devices=read_devices_file(SAMPLE_DEVICES))
            executed = {path: execute(path) for path in sorted(NOTEBOOKS.glob("*.ipynb"))}
    except NotebookFailedError as error:
        print(f"execute_notebooks: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted; the notebooks are as they were.", file=sys.stderr)
        return 130
    return review(executed, ask=None if options.accept else _ask)


def execute(path: Path) -> nbformat.NotebookNode:
    """Return the notebook at `path` as executed now, with normalised metadata; the file stays as it is.

    Raises
    ------
    NotebookFailedError
        A cell raised or the kernel died; names the cell.
    """
    print(f"Executing {path.name} ...", flush=True)
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],  # it warns of its own transport at each start
    )
    try:
        client.execute()
    except CellExecutionError as error:
        cell = next(cell for cell in notebook.cells if any(o.output_type == "error" for o in cell.get("outputs", [])))
        raise NotebookFailedError(
            f"{path.name}, cell {cell.id}: {error.ename}: {error.evalue[:MOST_EVALUE]}. Nothing was written."
        ) from None
    except DeadKernelError as error:
        raise NotebookFailedError(f"{path.name}: its kernel died ({error}). Nothing was written.") from None
    normalise(notebook)
    nbformat.validate(notebook)
    return notebook


def review(executed: dict[Path, nbformat.NotebookNode], *, ask: Callable[[], bool] | None) -> int:
    """Show what changed against the files, and write them if that is accepted.

    Parameters
    ----------
    executed
        The notebooks as executed now, by the path of the committed one.
    ask
        Called once if something changed, tells whether it is accepted; None accepts.

    Returns
    -------
    int
        0 if the files are now as executed, 1 if they are not.
    """
    changed = {}
    for path, notebook in executed.items():
        text = nbformat.writes(notebook) + "\n"
        if text == path.read_text(encoding="utf-8"):
            print(f"{path.name}: as committed")
            continue
        changed[path] = text
        lines = changes(nbformat.read(path, as_version=4), notebook) or ["only the way in which the file is written"]
        print(f"{path.name}: changed", *(f"  {line}" for line in lines), sep="\n", flush=True)
    if not changed:
        return 0
    if ask is not None and not ask():
        print("Nothing was written.")
        return 1
    for path, text in changed.items():
        _replace(path, text)
    print(f"Written: {', '.join(path.name for path in changed)}. These outputs are what nbval expects from now on.")
    return 0


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


def _ask() -> bool:
    """Ask on a terminal; without one nobody accepts."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        print("Not accepted: there is no terminal to ask on; 'make notebooks ACCEPT=1' accepts.")
        return False
    try:
        return input("Accept? [y/N] ").strip().lower() in ("y", "yes")
    except (EOFError, KeyboardInterrupt):
        print()
        return False


def _replace(path: Path, text: str) -> None:
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=".", delete=False) as temporary:
        try:
            temporary.write(text)
            temporary.close()
            Path(temporary.name).chmod(path.stat().st_mode & 0o777)
            Path(temporary.name).replace(path)
        except BaseException:
            Path(temporary.name).unlink(missing_ok=True)
            raise


if __name__ == "__main__":
    sys.exit(main())
