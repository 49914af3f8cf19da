"""Warm Jupyter kernels: each notebook runs in a fresh process, forked from a zygote that has imported its modules.

>>> import warm_kernels
>>> warm_kernels.start(preload=["json"])  # optional; else the first kernel starts the zygote
>>> warm_kernels.register()  # only where the package is importable but not installed, as in a Lambda function
>>> # papermill.execute_notebook("in.ipynb", "out.ipynb", engine_name="warm")
>>> warm_kernels.stop()
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from warm_kernels.errors import WarmKernelsError
from warm_kernels.settings import settings_from
from warm_kernels.zygote.zygote_manager import zygote_manager

__all__ = ["WarmKernelsError", "register", "start", "stop"]


def start(
    preload: Sequence[str] | None = None,
    *,
    standby: int | None = None,
    extra_arguments: Sequence[str] = (),
    wait: bool = False,
) -> None:
    """Start the zygote now, so that the first notebook does not wait for it.

    A second call with the same arguments does nothing. With other arguments it replaces the zygote; running kernels
    go on. With ``WARM_KERNELS=off`` it does nothing.

    Parameters
    ----------
    preload
        Modules that the zygote imports; default ``WARM_KERNELS_PRELOAD``, or pandas where it is installed.
    standby
        Number of kernels to fork ahead of time; default ``WARM_KERNELS_STANDBY``, or 0.
    extra_arguments
        The kernel arguments of the notebooks to come. A standby kernel serves only a notebook with its arguments.
    wait
        Return only when the zygote and its standby kernels are ready.

    Raises
    ------
    SettingsError
        An argument or a variable has a value that is not allowed. Any other failure is a warning and stock kernels.
    """
    settings = settings_from(os.environ, preload=preload, standby=standby, extra_arguments=extra_arguments)
    zygote_manager.start(settings, wait=wait)


def stop() -> None:
    """End the zygote and every kernel that it forked. The next kernel starts a new zygote."""
    zygote_manager.stop()


def register() -> None:
    """Register the papermill engine ``warm`` where this package is importable but not installed."""
    from papermill.engines import papermill_engines  # noqa: PLC0415 - it imports our engine, which needs this module

    from warm_kernels.jupyter.engine import WarmEngine  # noqa: PLC0415

    papermill_engines.register("warm", WarmEngine)
