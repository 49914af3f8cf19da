"""The examples in the docstrings are true."""

import doctest
import importlib
import pkgutil

import pytest

import etl
import lambda_wrappers
import layers
import local_aws
import notebook_report
import warm_kernels


def modules_of(package):
    """Return the names of a package's modules, those of its subpackages included."""
    found = pkgutil.walk_packages(package.__path__, package.__name__ + ".")
    return [module.name for module in found if not module.name.endswith("__main__")]


MODULES = [*map(modules_of, (etl, lambda_wrappers, layers, notebook_report))]
# their examples start an embedded AWS, or a kernel
FUNCTIONAL = [*map(modules_of, (local_aws, warm_kernels))]


@pytest.mark.parametrize(
    "name",
    [
        *(name for names in MODULES for name in names),
        *(pytest.param(name, marks=pytest.mark.functional) for names in FUNCTIONAL for name in names),
    ],
)
def test_examples_show_what_they_say(name):
    """Each example of the module gives the output that stands below it."""
    assert doctest.testmod(importlib.import_module(name)).failed == 0
