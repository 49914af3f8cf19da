"""The examples in the docstrings are true."""

import doctest
import importlib
import pkgutil

import pytest

import etl
import lambda_wrappers

MODULES = [
    f"{package.__name__}.{module.name}"
    for package in (etl, lambda_wrappers)
    for module in pkgutil.iter_modules(package.__path__)
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_show_what_they_say(name):
    """Each example of the module gives the output that stands below it."""
    assert doctest.testmod(importlib.import_module(name)).failed == 0
