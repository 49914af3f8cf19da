"""How long each step of a run took."""

from __future__ import annotations

import json

from etl.runs.layout import name_and_try
from etl.storage.object_store import list_keys, read


def step_seconds(
    bucket: str, prefix: str, notebooks: tuple[str, ...] = ("01_load.ipynb", "02_join.ipynb")
) -> dict[str, float]:
    """Return the wall time in seconds of each try of some notebooks below a run's prefix, by name without ending.

    papermill writes it into the metadata of a notebook that it executes; a run by hand in JupyterLab has none.
    """
    seconds = {}
    for key in list_keys(bucket, prefix):
        name = key.removeprefix(prefix)
        if name_and_try(name)[0] in notebooks:
            document = json.loads(read(bucket, key).content)
            seconds[name.removesuffix(".ipynb")] = document["metadata"]["papermill"]["duration"]
    return seconds
