"""Which package goes into which layer, worked out from what the packages say they need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from layers.errors import PlanError
from layers.target import Target

BASE = "base"
# Direct packages that are no part of the base layer. A layer has what its packages need and the base layer has not.
EXTRA_LAYERS = {"report": ("matplotlib", "matplotlib-fontja", "nbconvert"), "arrow": ("pyarrow",)}
# Packages that others name, but that no headless notebook needs
UNNEEDED = {
    "debugpy": "stops at breakpoints, and costs each kernel 0.12 s to start",
    "jedi": "completes what someone types",
    "parso": "needed by jedi only",
}

Needs = Mapping[str, Sequence[Requirement]]
"""What each installed package needs, by canonical name; ``importlib.metadata`` knows it."""


def plan_layers(
    direct: Iterable[Requirement],
    needs: Needs,
    target: Target,
    *,
    extra_layers: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, frozenset[str]]:
    """Divide the installed packages among the layers; each is in exactly one.

    Parameters
    ----------
    direct
        What the lock was made from.
    needs
        What each installed package needs.
    target
        The runtime for which markers are evaluated.
    extra_layers
        The direct packages of each layer but the base, `EXTRA_LAYERS` if not given.

    Returns
    -------
    dict
        Canonical package names by layer, base first.

    Raises
    ------
    PlanError
        A layer names a package that is not a direct one, a needed package is not there, or nothing needs one that is.
    """
    extra = EXTRA_LAYERS if extra_layers is None else extra_layers
    roots: dict[str, Requirement] = {canonicalize_name(requirement.name): requirement for requirement in direct}
    named = {name for names in extra.values() for name in names}
    if named - roots.keys():
        raise PlanError(
            f"layers: not among the direct packages; found {_some(named - roots.keys())}; expected names that "
            f"requirements/lambda.in lists. Correct EXTRA_LAYERS or the list."
        )
    members = {BASE: [roots[name] for name in roots if name not in named]}
    members |= {layer: [roots[name] for name in names] for layer, names in extra.items()}
    placed: set[str] = set()
    plan = {}
    for layer, requirements in members.items():
        plan[layer] = frozenset(needed_by(requirements, needs, target) - placed)
        placed |= plan[layer]
    if needs.keys() - placed:
        raise PlanError(
            f"layers: packages that nothing needs; found {_some(needs.keys() - placed)}; expected that the lock holds "
            f'only what requirements/lambda.in needs. Remake it with "make lock".'
        )
    return plan


def needed_by(requirements: Iterable[Requirement], needs: Needs, target: Target) -> set[str]:
    """Return the canonical names of these packages and of all that they need on the target, extras included.

    Raises
    ------
    PlanError
        A needed package is neither installed nor one of `UNNEEDED`.
    """
    environment = target.marker_environment
    seen: set[tuple[str, str]] = set()
    waiting = [(requirement, "") for requirement in requirements]
    while waiting:
        requirement, asked_extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({**environment, "extra": asked_extra}):
            continue
        name = canonicalize_name(requirement.name)
        if name in UNNEEDED:
            continue
        if name not in needs:
            raise PlanError(
                f"layers: {name} is needed, but not there; found no such package for Python {target.python} on "
                f'{target.architecture}; expected it in the lock. Remake the lock with "make lock".'
            )
        for extra in {"", *requirement.extras}:
            if (name, extra) not in seen:
                seen.add((name, extra))
                waiting += [(need, extra) for need in needs[name]]
    return {name for name, _ in seen}


def _some(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)[:5])
