"""Notebooks made of cells, and a zygote that no test leaves behind."""

from __future__ import annotations

import nbformat
import papermill
import pytest

import warm_kernels
from warm_kernels.keeper import Keeper, keeper


def notebook_of(*cells: str) -> nbformat.NotebookNode:
    """Return a notebook with these code cells."""
    kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
    return nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells], metadata={"kernelspec": kernel}
    )


def shown(executed: nbformat.NotebookNode) -> list[str]:
    """Return what each cell printed or showed as text."""
    return [
        "".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs)
        for cell in executed.cells
        if cell.cell_type == "code"
    ]


@pytest.fixture
def warm(monkeypatch):
    """Return a function that executes cells with the engine ``warm`` and returns what they show.

    Its zygote imports nothing but the kernel, unless the test asks for more. ``warm.pids`` are those of the kernels.
    """
    monkeypatch.setenv("WARM_KERNELS", "on")
    monkeypatch.setenv("WARM_KERNELS_PRELOAD", "")
    warm_kernels.register()
    yield lambda *cells, **options: shown(execute(*cells, **options))
    warm_kernels.stop()
    keeper.__dict__.update(Keeper().__dict__)


def execute(*cells, output_path=None, **options):
    """Execute cells with an engine, ``warm`` by default, and return the notebook."""
    options = {"engine_name": "warm", "progress_bar": False, "execution_timeout": 30, **options}
    return papermill.execute_notebook(notebook_of(*cells), output_path, **options)
