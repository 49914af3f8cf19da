"""The examples in the docstrings run."""

import doctest
import importlib
import pkgutil

import pytest

import notebook_report

MODULES = [module.name for module in pkgutil.iter_modules(notebook_report.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_are_true(name):
    """Each shows what it says."""
    assert doctest.testmod(importlib.import_module(f"notebook_report.{name}")).failed == 0
