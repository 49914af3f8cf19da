"""A way to run cells with the engine ``warm``, and no zygote that a test leaves behind."""

from __future__ import annotations

import pytest
from warm_cells import execute, shown

import warm_kernels
from warm_kernels.zygote.zygote_manager import Keeper, keeper


@pytest.fixture
def warm(monkeypatch):
    """Return a function that executes cells with the engine ``warm`` and returns what they show.

    Its zygote imports nothing but the kernel, unless the test asks for more. ``warm.pids`` are those of the kernels.
    """
    monkeypatch.setenv("WARM_KERNELS", "on")
    monkeypatch.setenv("WARM_KERNELS_PRELOAD", "")
    warm_kernels.register()
    yield lambda *cells, **options: shown(execute(*cells, **options))
    warm_kernels.stop()
    keeper.__dict__.update(Keeper().__dict__)
