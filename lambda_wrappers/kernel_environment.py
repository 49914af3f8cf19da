"""The environment that a notebook's kernel needs inside Lambda, where only the temporary folder is writable."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path


def prepare_kernel_environment() -> None:
    """Point everything that Jupyter and matplotlib want to write to the temporary folder.

    Must run before papermill is imported. The kernel is a process of its own: it does not get this process's
    ``sys.path``, so the folders of the deployment package and its layers go into ``PYTHONPATH``. Outside Lambda, in a
    test or a shell, the environment is the caller's and stays as it is.
    """
    if "LAMBDA_TASK_ROOT" not in os.environ:
        return
    temporary = Path(tempfile.gettempdir())
    os.environ.update(
        HOME=str(temporary),
        IPYTHONDIR=str(temporary / "ipython"),
        MPLCONFIGDIR=str(temporary / "matplotlib"),
        XDG_CACHE_HOME=str(temporary / "cache"),
        PYTHONPATH=os.pathsep.join(path for path in sys.path if path and Path(path).is_dir() and _is_ours(path)),
        # one kernel, one small CPU share: threads of a linear algebra library would only wait for each other
        OPENBLAS_NUM_THREADS="1",
    )


def _is_ours(path: str) -> bool:
    """Tell the folders of the package and its layers from those that every Python of this installation has."""
    return not path.startswith((sys.prefix, sys.base_prefix))
