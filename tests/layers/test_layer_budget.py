"""Lambda's limit, and what the error says when it comes near."""

from __future__ import annotations

from pathlib import Path

import pytest

from layers.budget import MIB, check_budget, code_bytes
from layers.built import BuiltLayer
from layers.errors import BudgetError

BASE = BuiltLayer("base", 40 * MIB, "", 180 * MIB, {f"part{size}": size * MIB for size in range(24, 12, -1)})
REPORT = BuiltLayer("report", 20 * MIB, "", 59 * MIB, {"matplotlib": 30 * MIB, "pillow": 20 * MIB})


def test_adds_code_and_layers() -> None:
    """Each function has its own sum."""
    found = check_budget({"a": ["base"], "b": ["base", "report"], "c": []}, [BASE, REPORT], own_bytes=MIB)
    assert found == {"a": 181, "b": 240, "c": 1}


def test_names_the_ten_biggest_parts() -> None:
    """Who has to trim knows where to begin."""
    with pytest.raises(BudgetError) as caught:
        check_budget({"a": ["base"], "b": ["base", "report"]}, [BASE, REPORT], own_bytes=2 * MIB)
    assert str(caught.value) == (
        "b: too large; found 241.0 MiB; expected at most 240 MiB (250 less 10 to spare). Largest: matplotlib 30.0 MiB, "
        "part24 24.0 MiB, part23 23.0 MiB, part22 22.0 MiB, part21 21.0 MiB, pillow 20.0 MiB, part20 20.0 MiB, "
        "part19 19.0 MiB, part18 18.0 MiB, part17 17.0 MiB. Trim in layers/trim.py."
    )


def test_refuses_an_unknown_layer() -> None:
    """A layer that is not built counts nothing, which would look like room."""
    with pytest.raises(BudgetError, match="a: unknown layer; found plot; expected base, report"):
        check_budget({"a": ["base", "plot"]}, [BASE, REPORT], own_bytes=0)


def test_measures_code_without_bytecode(tmp_path: Path) -> None:
    """What lies in a working tree and is not packed does not count."""
    for name, size in {
        "etl/a.py": 5,
        "etl/__pycache__/a.pyc": 7,
        "other/b.py": 11,
        "lock.txt": 3,
        "etl/.hidden": 13,
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x" * size)
    assert code_bytes(tmp_path, ["etl", "missing", "lock.txt"]) == 8
