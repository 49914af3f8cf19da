"""How long each step of a run took."""

from __future__ import annotations

import json

from etl.storage.object_store import list_keys, read


def step_seconds(bucket: str, prefix: str, steps: tuple[str, ...] = ("01_load", "02_join")) -> dict[str, float]:
    """Return the wall time in seconds of each notebook that was executed below `prefix`, by its name.

    papermill writes the duration into the notebook's metadata; a notebook run by hand in JupyterLab leaves none here.

    Parameters
    ----------
    bucket, prefix
        The run's own folder.
    steps
        The notebooks to look for, without ending; each try of them counts.
    """
    seconds = {}
    for key in list_keys(bucket, prefix):
        name = key.removeprefix(prefix).removesuffix(".ipynb")
        if key.endswith(".ipynb") and name.split(".")[0] in steps:
            seconds[name] = json.loads(read(bucket, key).content)["metadata"]["papermill"]["duration"]
    return seconds
