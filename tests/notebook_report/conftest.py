"""A fixture that makes the page of a made-up notebook and parses it."""

from __future__ import annotations

import copy

import pytest
from bs4 import BeautifulSoup
from made_up_notebooks import notebook

from notebook_report import Banner, make_page

GOOD = Banner("success", "Passed", "All is well.")


@pytest.fixture
def page():
    """Return a function that makes the page of cells, or of a whole notebook, and parses it."""

    def make(*cells, of=None, banner=GOOD, facts=None, links=None):
        document = of or notebook(*cells)
        before = copy.deepcopy(document)
        content = make_page(document, banner=banner, title="Checks", facts=facts or {}, links=links or {})
        assert document == before
        return BeautifulSoup(content.decode(), "html.parser")

    return make
