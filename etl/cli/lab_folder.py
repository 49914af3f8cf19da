"""The folder that JupyterLab shows for a run: copies of its notebooks, for an analyst to change as they like."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from etl.runs.notebook_parameters import executed_parameters, with_parameters
from etl.runs.provenance import ROOT

NOTEBOOKS = ROOT / "notebooks"
# the run has its manifest: whoever looks into it, with other thresholds perhaps, makes no other one
LOOK = {"look_only": True}


def make_folder(folder: Path, executed: Mapping[str, bytes], parameters: Mapping[str, Any]) -> bool:
    """Make a folder with a run's executed notebooks, outputs included, and those that it did not execute, ready to run.

    Executed again, they write no manifest (parameter ``look_only``).

    Parameters
    ----------
    folder
        Where; if it is there already, with what an analyst changed in it, it stays as it is.
    executed
        The executed notebooks by name.
    parameters
        Of the run, by name; those of executed notebooks win, as these are what the run had.

    Returns
    -------
    bool
        True if it was made, False if it was there already.
    """
    if folder.exists():
        return False
    known = dict(parameters)
    for notebook in executed.values():
        known |= executed_parameters(notebook)
    known.pop("etag", None)  # of the file as it was; without it, the notebooks take what is there
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".lab-") as temporary:
        whole = Path(temporary) / folder.name
        whole.mkdir()
        for source in NOTEBOOKS.glob("*.ipynb"):
            if source.name not in executed:
                (whole / source.name).write_bytes(with_parameters(source.read_bytes(), known | LOOK))
        for name, content in executed.items():
            (whole / name).write_bytes(with_parameters(content, LOOK, keep_outputs=True))
        shutil.move(whole, folder)
    return True


def opened_first(executed: Mapping[str, bytes]) -> str:
    """Return the notebook to look at first: the last one that the run executed, which is the one that failed."""
    return max(executed, default="explore.ipynb")
