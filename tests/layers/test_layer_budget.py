"""Lambda's limit for a function with its layers."""

from __future__ import annotations

import pytest

from layers.budget import MIB, check_budget, size_table
from layers.built import BuiltLayer
from layers.errors import BudgetError

BASE = BuiltLayer("base", 40 * MIB, "", 180 * MIB, {f"part{size}": size * MIB for size in range(24, 12, -1)})
REPORT = BuiltLayer("report", 20 * MIB, "", 59 * MIB, {"matplotlib": 30 * MIB, "pillow": 20 * MIB})


def test_adds_code_and_layers() -> None:
    """The size of each function is that of its code and of its own layers."""
    sizes = check_budget({"a": ["base"], "b": ["base", "report"], "c": []}, [BASE, REPORT], code_bytes=MIB)
    assert sizes == {"a": 181, "b": 240, "c": 1}


def test_names_the_ten_biggest_parts() -> None:
    """The error names the ten largest packages, so that one knows where to trim."""
    with pytest.raises(BudgetError) as caught:
        check_budget({"a": ["base"], "b": ["base", "report"]}, [BASE, REPORT], code_bytes=2 * MIB)
    assert str(caught.value) == (
        "b: too large; found 241.0 MiB; expected at most 240 MiB (250 less 10 to spare). Largest: matplotlib 30.0 MiB, "
        "part24 24.0 MiB, part23 23.0 MiB, part22 22.0 MiB, part21 21.0 MiB, pillow 20.0 MiB, part20 20.0 MiB, "
        "part19 19.0 MiB, part18 18.0 MiB, part17 17.0 MiB. Trim in layers/trim.py."
    )


def test_refuses_an_unknown_layer() -> None:
    """A layer that was not built is an error: it would count as nothing."""
    with pytest.raises(BudgetError, match="a: unknown layer; found plot; expected base, report"):
        check_budget({"a": ["base", "plot"]}, [BASE, REPORT], code_bytes=0)


def test_the_table_lists_layers_and_functions() -> None:
    """Each layer has its zipped and unzipped size, each function its size together with its layers."""
    table = size_table([BASE, REPORT], {"load": 181.0})
    assert [line.split() for line in table.splitlines()[1:]] == [
        ["base", "40.0", "180.0"],
        ["report", "20.0", "59.0"],
        ["function", "with", "its", "layers", "of", "250.0", "MiB"],
        ["load", "181.0"],
    ]
