"""Make notebooks of cells, execute them and read their output."""

from __future__ import annotations

import nbformat
import papermill


def notebook_of(*cells: str) -> nbformat.NotebookNode:
    """Return a notebook with these code cells."""
    kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
    return nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells], metadata={"kernelspec": kernel}
    )


def displayed(executed: nbformat.NotebookNode) -> list[str]:
    """Return the text output of each cell."""
    return [
        "".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs)
        for cell in executed.cells
        if cell.cell_type == "code"
    ]


def execute(*cells, output_path=None, **options):
    """Execute cells with an engine, ``warm`` by default, and return the notebook."""
    options = {"engine_name": "warm", "progress_bar": False, "execution_timeout": 30, **options}
    return papermill.execute_notebook(notebook_of(*cells), output_path, **options)
