"""The papermill engine ``warm``.

papermill imports this module, an entry point, while papermill itself is still being imported. So this module imports
papermill in functions only, and `WarmEngine` delegates to papermill's engine instead of inheriting from it.
"""

from __future__ import annotations

from typing import Any

from warm_kernels.zygote.zygote_manager import zygote_manager

MANAGER = "warm_kernels.jupyter.manager.WarmKernelManager"


class WarmEngine:
    """papermill's own engine with forked kernels; with ``WARM_KERNELS=off``, with stock kernels.

    It has the same options. Two defaults differ: ``kernel_manager_class`` is `WarmKernelManager`, and
    ``shutdown_kernel`` is ``"immediate"``: the kernel is killed when its notebook is done and runs no ``atexit``
    functions; pass ``"graceful"`` where a notebook needs them.
    """

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str, **options: Any) -> Any:
        """Execute a notebook; parameters, result and exceptions are those of papermill's ``NBClientEngine``."""
        from warm_kernels.jupyter.execution import execute  # noqa: PLC0415 - see the top

        if zygote_manager.settings.enabled:
            options = {"kernel_manager_class": MANAGER, "shutdown_kernel": "immediate", **options}
        return execute(nb, kernel_name, **options)

    @classmethod
    def nb_kernel_name(cls, nb: Any, name: str | None = None) -> str:
        """Return the kernel of a notebook: `name`, or that of its metadata."""
        from papermill.utils import nb_kernel_name  # noqa: PLC0415 - see the top

        return str(nb_kernel_name(nb, name))

    @classmethod
    def nb_language(cls, nb: Any, language: str | None = None) -> str:
        """Return the language of a notebook: `language`, or that of its metadata."""
        from papermill.utils import nb_language  # noqa: PLC0415 - see the top

        return str(nb_language(nb, language))
