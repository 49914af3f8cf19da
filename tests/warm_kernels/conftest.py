"""Fixtures that run cells with the engine ``warm`` and stop its zygote after each test."""

from __future__ import annotations

import pytest
from warm_cells import displayed, execute

import warm_kernels
from warm_kernels.zygote.zygote_manager import ZygoteManager, zygote_manager


@pytest.fixture
def warm(monkeypatch):
    """Return a function that executes cells with the engine ``warm`` and returns the text that they display.

    The zygote preloads only what a kernel needs, unless the test sets ``WARM_KERNELS_PRELOAD``. The zygote is stopped
    after the test.
    """
    monkeypatch.setenv("WARM_KERNELS", "on")
    monkeypatch.setenv("WARM_KERNELS_PRELOAD", "")
    warm_kernels.register()
    yield lambda *cells, **options: displayed(execute(*cells, **options))
    warm_kernels.stop()
    zygote_manager.__dict__.update(ZygoteManager().__dict__)
