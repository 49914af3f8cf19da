"""Which package goes into which layer."""

from __future__ import annotations

import pytest
from packaging.requirements import Requirement

from layers.errors import PlanError
from layers.packages import read_requirements
from layers.plan import needed_by, plan_layers
from layers.target import Target
from package import EXTRA_LAYERS, LOCK, UNNEEDED

REPORT = {"report": ("matplotlib",)}


def parsed(**needs: str) -> dict[str, list[Requirement]]:
    """Return needs; underscores in names stand for hyphens, needs are separated by ``|``."""
    return {
        name.replace("_", "-"): [Requirement(need) for need in text.split("|") if need] for name, text in needs.items()
    }


def plan(direct: str, **needs: str) -> dict[str, set[str]]:
    """Plan two layers."""
    requirements = [Requirement(name) for name in direct.split()]
    return {
        layer: set(names)
        for layer, names in plan_layers(requirements, parsed(**needs), Target(), extra_layers=REPORT).items()
    }


def test_a_shared_need_goes_into_the_base() -> None:
    """Both need numpy: one copy, in the layer that every function has."""
    found = plan("pandas matplotlib", pandas="numpy", matplotlib="numpy|pillow", numpy="", pillow="")
    assert found == {"base": {"pandas", "numpy"}, "report": {"matplotlib", "pillow"}}


def test_markers_are_those_of_lambda() -> None:
    """A need for another system or Python is none."""
    needs = {"a": "win ; sys_platform == 'win32'|linux ; sys_platform == 'linux'|old ; python_version < '3.13'"}
    assert needed_by([Requirement("a")], parsed(**needs, linux=""), Target()) == {"a", "linux"}


def test_an_extra_brings_its_needs() -> None:
    """``name[extra]`` needs what the extra says; without it, not."""
    needs = parsed(a="b[fast]", b="c ; extra == 'fast'|d ; extra == 'slow'", c="")
    assert needed_by([Requirement("a")], needs, Target()) == {"a", "b", "c"}
    assert needed_by([Requirement("b")], needs, Target()) == {"b"}


def test_circles_end() -> None:
    """Two packages may need each other."""
    assert needed_by([Requirement("a")], parsed(a="b", b="a"), Target()) == {"a", "b"}


def test_names_are_compared_in_canonical_form() -> None:
    """``Jupyter_Client`` is jupyter-client."""
    assert needed_by([Requirement("A")], parsed(a="Jupyter_Client", jupyter_client=""), Target()) == {
        "a",
        "jupyter-client",
    }


def test_a_debugger_is_not_missed() -> None:
    """What no headless notebook needs may be absent."""
    assert needed_by(
        [Requirement("ipykernel")], parsed(ipykernel="debugpy|comm", comm=""), Target(), unneeded=UNNEEDED
    ) == {
        "ipykernel",
        "comm",
    }


def test_refuses_a_missing_need() -> None:
    """A layer that cannot work is not built."""
    with pytest.raises(PlanError, match="a needed package is missing; found no numpy"):
        plan("pandas matplotlib", pandas="numpy", matplotlib="")


def test_refuses_what_nothing_needs() -> None:
    """A package that would silently be left out is named."""
    with pytest.raises(PlanError, match="nothing needs; found stray"):
        plan("pandas matplotlib", pandas="", matplotlib="", stray="")


def test_refuses_a_layer_of_unknown_packages() -> None:
    """The table of layers and the input agree."""
    with pytest.raises(PlanError, match="that are not direct ones; found matplotlib"):
        plan("pandas", pandas="")


def test_the_table_names_direct_packages() -> None:
    """The real table and the real input agree too."""
    direct = {requirement.name for requirement in read_requirements(LOCK.with_suffix(".in"))}
    assert {name for names in EXTRA_LAYERS.values() for name in names} < direct
