"""The papermill engine ``warm``.

papermill imports this module while it is itself being imported, to read its entry points; so papermill is imported in
functions here, and the engine has one of papermill's instead of being one.
"""

from __future__ import annotations

from typing import Any

from warm_kernels.zygote.zygote_manager import keeper

MANAGER = "warm_kernels.jupyter.manager.WarmKernelManager"


class WarmEngine:
    """papermill's own engine with forked kernels.

    It takes what papermill's takes. Two defaults differ: ``kernel_manager_class`` is `WarmKernelManager`, and
    ``shutdown_kernel`` is ``"immediate"``, so a kernel is killed when its notebook is done and runs no ``atexit``
    functions; pass ``"graceful"`` where a notebook needs them. With ``WARM_KERNELS=off`` this is papermill's engine.
    """

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str, **options: Any) -> Any:
        """Execute a notebook; one that could not be finished has the error marked in it, and is saved.

        Parameters
        ----------
        nb, kernel_name, options
            As papermill's ``NBClientEngine`` takes them.

        Raises
        ------
        Exception
            What papermill's engine raises.
        """
        from warm_kernels.jupyter.execution import execute  # noqa: PLC0415 - see the top

        if keeper.settings.enabled:
            options = {"kernel_manager_class": MANAGER, "shutdown_kernel": "immediate", **options}
        return execute(nb, kernel_name, **options)

    @classmethod
    def nb_kernel_name(cls, nb: Any, name: str | None = None) -> str:
        """Return the kernel that a notebook is executed with: `name`, or the one in its metadata."""
        from papermill.utils import nb_kernel_name  # noqa: PLC0415 - see the top

        return str(nb_kernel_name(nb, name))

    @classmethod
    def nb_language(cls, nb: Any, language: str | None = None) -> str:
        """Return the language of a notebook: `language`, or the one in its metadata."""
        from papermill.utils import nb_language  # noqa: PLC0415 - see the top

        return str(nb_language(nb, language))
