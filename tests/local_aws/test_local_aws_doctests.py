"""The examples in the docstrings run."""

import doctest
import importlib
import pkgutil

import pytest

import local_aws

_MODULES = [module.name for module in pkgutil.iter_modules(local_aws.__path__) if module.name != "__main__"]


@pytest.mark.functional
@pytest.mark.parametrize("name", _MODULES)
def test_the_examples_of_a_module_are_true(name: str) -> None:
    """Each shows what it says."""
    assert doctest.testmod(importlib.import_module(f"local_aws.{name}")).failed == 0
