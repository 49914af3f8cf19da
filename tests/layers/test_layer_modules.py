"""The examples in the docstrings run, and the builder stands alone."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import layers


@pytest.mark.parametrize("name", [m.name for m in pkgutil.iter_modules(layers.__path__) if m.name != "__main__"])
def test_the_examples_of_a_layers_module_are_true(name: str) -> None:
    """Each shows what it says."""
    assert doctest.testmod(importlib.import_module(f"layers.{name}")).failed == 0


def test_the_builder_imports_nothing_of_ours() -> None:
    """It could serve any project."""
    for path in Path(layers.__file__).parent.glob("*.py"):
        assert not re.search(
            r"^\s*(from|import) (etl|lambda_wrappers|local_aws)\b", path.read_text("utf-8"), re.MULTILINE
        )
