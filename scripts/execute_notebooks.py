"""Execute the committed notebooks on the sample: the intentional update of what nbval expects.

The command shows what changed, and writes it only if it is accepted: by an answer on a terminal, or by
'make notebooks ACCEPT=1'. Metadata that does not affect the result (times, versions, widths) is removed, so that a diff
shows results only.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbdime import diff
from nbdime.prettyprint import PrettyPrintConfig, pretty_print_diff

from etl.cli.local_files import replace_file
from etl.cli.local_pipeline import local_pipeline
from etl.cli.sample import load_sample

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
MAX_ERROR_LENGTH = 300
MAX_LINES = 60  # of one cell's changes


class NotebookFailedError(Exception):
    """A cell raised, or its kernel died."""


def main() -> int:
    """Execute the notebooks against a fresh embedded AWS, and review what changed; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accept", action="store_true", help="write what changed without asking")
    options = parser.parse_args()
    try:
        with local_pipeline() as pipeline:
            load_sample(pipeline)
            executed = {path: execute(path) for path in sorted(NOTEBOOKS.glob("*.ipynb"))}
    except NotebookFailedError as error:
        print(f"execute_notebooks: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted; the notebooks are as they were.", file=sys.stderr)
        return 130
    return review(executed, ask=None if options.accept else _ask)


def execute(path: Path) -> nbformat.NotebookNode:
    """Execute the notebook at `path` and return it with normalised metadata; the file is not changed."""
    print(f"Executing {path.name} ...", flush=True)
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],  # without the warning about its transport
    )
    try:
        client.execute()
    except CellExecutionError as error:
        cell = next(cell for cell in notebook.cells if any(o.output_type == "error" for o in cell.get("outputs", [])))
        raise NotebookFailedError(
            f"{path.name}, cell {cell.id}: {error.ename}: {error.evalue[:MAX_ERROR_LENGTH]}. Nothing was written."
        ) from None
    except DeadKernelError as error:
        raise NotebookFailedError(f"{path.name}: its kernel died ({error}). Nothing was written.") from None
    normalise(notebook)
    nbformat.validate(notebook)
    return notebook


def review(executed: dict[Path, nbformat.NotebookNode], *, ask: Callable[[], bool] | None) -> int:
    """Show the changes of committed notebooks, by path, and write those that `ask` accepts, or all if it is None.

    Returns the exit code: 0 if the files are now as executed, else 1.
    """
    changed = {}
    for path, notebook in executed.items():
        text = nbformat.writes(notebook) + "\n"
        if text == path.read_text(encoding="utf-8"):
            print(f"{path.name}: as committed")
            continue
        changed[path] = text
        shown = changes(nbformat.read(path, as_version=4), notebook, use_color=sys.stdout.isatty())
        print(f"{path.name}: changed", shown or "only the way in which the file is written", sep="\n", flush=True)
    if not changed:
        return 0
    if ask is not None and not ask():
        print("Nothing was written.")
        return 1
    for path, text in changed.items():
        replace_file(path, text.encode())
    print(f"Written: {', '.join(path.name for path in changed)}. These outputs are what nbval expects from now on.")
    return 0


def changes(before: nbformat.NotebookNode, after: nbformat.NotebookNode, *, use_color: bool = False) -> str:
    """Return what changed between two executions of a notebook, cell by cell, as nbdime prints it; empty if nothing.

    nbdime compares what a person can judge: text, tables as pandas prints them, JSON, and the fingerprints of pictures.
    """
    lines = []
    for old_cell, new_cell in zip(before.cells, after.cells, strict=True):
        out = io.StringIO()
        old, new = _comparable(old_cell), _comparable(new_cell)
        if old["output"] != new["output"]:
            old["markup"] = new["markup"]  # changes with the text, and is no news then
        config = PrettyPrintConfig(out, use_git=False, use_diff=False, use_color=use_color)
        pretty_print_diff(old, diff(old, new), f"/{new_cell.id}", config)
        cell_lines = [line for line in out.getvalue().splitlines() if line]
        n_more = len(cell_lines) - MAX_LINES
        lines += [*cell_lines[:MAX_LINES], f"... and {n_more} more lines"] if n_more > 0 else cell_lines
    if before.metadata != after.metadata:
        lines.append("## modified /metadata")
    return "\n".join(lines)


def _comparable(cell: nbformat.NotebookNode) -> dict[str, Any]:
    """Return the parts of a cell that an execution changes, in a form that is compared line by line."""
    lines, markup = [], []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if "application/json" in data:
            lines.append(json.dumps(data["application/json"], ensure_ascii=False, indent=2, sort_keys=True))
        else:
            lines.append(data.get("text/plain") or output.get("text") or output.get("evalue") or "")
        lines += [f"[{kind} {_fingerprint(data[kind])}]" for kind in data if kind.startswith("image/")]
        markup.append(data.get("text/html"))
    return {
        "output": "\n".join(lines),
        "markup": _fingerprint(markup),
        "execution_count": cell.get("execution_count"),
        "metadata": cell.metadata,
    }


def _fingerprint(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:12]


def normalise(notebook: nbformat.NotebookNode) -> None:
    """Remove all metadata but the kernel's name and the tags of cells."""
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
    """Ask on a terminal; without a terminal the answer is no."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        print("Not accepted: there is no terminal to ask on; 'make notebooks ACCEPT=1' accepts.")
        return False
    try:
        return input("Accept? [y/N] ").strip().lower() in ("y", "yes")
    except (EOFError, KeyboardInterrupt):
        print()
        return False


if __name__ == "__main__":
    sys.exit(main())
