"""Warm Jupyter kernels: each notebook gets a fresh process, forked from one that has everything imported.

>>> import warm_kernels
>>> warm_kernels.start(preload=["json"])  # optional: or WARM_KERNELS_PRELOAD, when the first kernel starts
>>> warm_kernels.register()  # optional: where the package is not installed, as in a Lambda function
>>> # papermill.execute_notebook("in.ipynb", "out.ipynb", engine_name="warm")
>>> warm_kernels.stop()
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from warm_kernels.errors import WarmKernelsError
from warm_kernels.settings import settings_from
from warm_kernels.zygote.zygote_manager import keeper

__all__ = ["WarmKernelsError", "register", "start", "stop"]


def start(
    preload: Sequence[str] | None = None,
    *,
    standby: int | None = None,
    extra_arguments: Sequence[str] = (),
    wait: bool = False,
) -> None:
    """Start the zygote now, so that the first notebook does not wait for it.

    Calling it again with the same arguments does nothing; with others, the zygote is replaced, and kernels that run
    go on. With ``WARM_KERNELS=off`` it does nothing.

    Parameters
    ----------
    preload
        Modules to import in the zygote; default ``WARM_KERNELS_PRELOAD``, or pandas where it is installed.
    standby
        Kernels to fork ahead of time; default ``WARM_KERNELS_STANDBY``, or 0.
    extra_arguments
        The kernel arguments that the notebooks will be run with. A standby kernel with others would not fit.
    wait
        Return when zygote and standby kernels are ready, instead of at once.

    Raises
    ------
    SettingsError
        An argument or a variable has a value that is not allowed. Any other failure is a warning and normal kernels.
    """
    settings = settings_from(os.environ, preload=preload, standby=standby, extra_arguments=extra_arguments)
    keeper.start(settings, wait=wait)


def stop() -> None:
    """End the zygote, and with it any kernel that it forked. It is started again when a kernel needs it."""
    keeper.stop()


def register() -> None:
    """Make the engine known to papermill as ``warm`` where this package is importable but not installed."""
    from papermill.engines import papermill_engines  # noqa: PLC0415 - it imports our engine, which needs this module

    from warm_kernels.jupyter.engine import WarmEngine  # noqa: PLC0415

    papermill_engines.register("warm", WarmEngine)
