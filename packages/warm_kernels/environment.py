"""Environment variables that a process has set itself, kept when it is given those of somebody else."""

from __future__ import annotations

import os
from collections.abc import Mapping


def own_variables(given: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of this process that it was not given, or given otherwise."""
    return {name: value for name, value in os.environ.items() if given.get(name) != value}


def become(wanted: Mapping[str, str], own: Mapping[str, str], given: Mapping[str, str]) -> None:
    """Give this process an environment, as if it had started with it and then done what it did.

    Parameters
    ----------
    wanted
        The whole new environment.
    own
        What this process, or a module that it imported, has set itself: kept, unless `wanted` says something else
        than `given` did.
    given
        What this process started with.
    """
    kept = {name: value for name, value in own.items() if wanted.get(name) == given.get(name)}
    os.environ.clear()
    os.environ.update({**wanted, **kept})
