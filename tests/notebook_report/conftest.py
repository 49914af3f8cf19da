"""A page of a made-up notebook, as a tree that can be asked."""

from __future__ import annotations

import copy

import pytest
from bs4 import BeautifulSoup
from made_up_notebooks import notebook

from notebook_report import Verdict, make_page

GOOD = Verdict("good", "Passed", "All is well.")


@pytest.fixture
def page():
    """Return a function from cells, or a whole notebook, to the parsed page."""

    def make(*cells, of=None, verdict=GOOD, facts=None, links=None):
        document = of or notebook(*cells)
        before = copy.deepcopy(document)
        made = make_page(document, verdict=verdict, title="Checks", facts=facts or {}, links=links or {})
        assert document == before
        return BeautifulSoup(made.decode(), "html.parser")

    return make
