"""The folder that JupyterLab shows for a run: copies of the notebooks, which an analyst may change."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from etl.runs.notebook_parameters import executed_parameters, with_parameters
from etl.runs.provenance import ROOT

NOTEBOOKS = ROOT / "notebooks"
# the copies write no second manifest of the run
NO_MANIFEST = {"look_only": True}


def make_folder(folder: Path, executed: Mapping[str, bytes], parameters: Mapping[str, Any]) -> bool:
    """Make a folder with a run's executed notebooks, with their outputs, and the others with the run's parameters.

    When they are executed again, they write no manifest (parameter ``look_only``).

    Parameters
    ----------
    folder
        The folder to make; one that exists, with an analyst's changes, is not touched.
    executed
        The executed notebooks by file name.
    parameters
        The run's parameters by name; those in executed notebooks have precedence, those of no notebook are ignored.

    Returns
    -------
    bool
        True if the folder was made, False if it existed.
    """
    if folder.exists():
        return False
    known = dict(parameters)
    for notebook in executed.values():
        known |= executed_parameters(notebook)
    known.pop("etag", None)  # without it, the notebooks read the raw file as it is now
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".lab-") as temporary:
        whole = Path(temporary) / folder.name
        whole.mkdir()
        for source in NOTEBOOKS.glob("*.ipynb"):
            if source.name not in executed:
                (whole / source.name).write_bytes(with_parameters(source.read_bytes(), known | NO_MANIFEST))
        for name, content in executed.items():
            (whole / name).write_bytes(with_parameters(content, NO_MANIFEST, keep_outputs=True))
        shutil.move(whole, folder)
    return True


def notebook_to_open(executed: Mapping[str, bytes]) -> str:
    """Return the last notebook that a run executed: if the run failed, the one that failed."""
    return max(executed, default="explore.ipynb")
