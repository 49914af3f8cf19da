"""A real browser for the tests that need one: the system's Chromium, headless, driven by Playwright."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lab_in_browser import CHROMIUM, OPTIONS
from playwright.sync_api import Browser, sync_playwright


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return a browser; without Chromium the test is skipped, and `.ci/run` installs it.

    No longer than the module: while Playwright runs, this thread has an event loop, and no other can be run in it.
    """
    if CHROMIUM is None:
        pytest.skip("no Chromium here; 'apt-get install chromium' brings it")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield started
        started.close()
