"""Move what a layer ships out of the folder of installed packages."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from packaging.utils import canonicalize_name

from layers.trim import is_shipped


def assemble(installed: Path, plan: Mapping[str, frozenset[str]], destination: Path) -> dict[str, Path]:
    """Move the shipped files of each package into the folder of its layer.

    Parameters
    ----------
    installed
        What pip installed; it is taken apart.
    plan
        Canonical package names by layer.
    destination
        Gets a folder for each layer, with ``python/`` in it: Lambda unpacks layers at ``/opt`` and looks there.

    Returns
    -------
    dict
        The folder of each layer.
    """
    folders = {layer: destination / layer for layer in plan}
    layer_of = {name: layer for layer, names in plan.items() for name in names}
    for folder in folders.values():
        (folder / "python").mkdir(parents=True)
    for distribution in list(importlib.metadata.distributions(path=[str(installed)])):
        root = folders[layer_of[canonicalize_name(distribution.name)]] / "python"
        for file in distribution.files or []:
            path = PurePosixPath(file)
            # commands and manual pages lie outside; pip's own notes are made after the record
            if ".." not in path.parts and is_shipped(path) and (installed / path).is_file():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (installed / path).rename(root / path)
    return folders
