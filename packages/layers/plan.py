"""Which package goes into which layer, derived from what the packages need."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from layers.errors import PlanError
from layers.target import Target

BASE = "base"
_MAX_NAMED = 5

Needs = Mapping[str, Sequence[Requirement]]
"""What each installed package needs, by canonical name."""


def plan_layers(
    direct: Iterable[Requirement],
    needs: Needs,
    target: Target,
    *,
    extra_layers: Mapping[str, Collection[str]],
    unneeded: Collection[str] = (),
) -> dict[str, frozenset[str]]:
    """Divide the installed packages among the layers; each is in exactly one, a shared one in the base layer.

    Parameters
    ----------
    direct
        What the lock was made from.
    needs
        What each installed package needs.
    target
        The runtime for which markers are evaluated.
    extra_layers
        The direct packages of each layer beside the base layer, which gets all others.
    unneeded
        Canonical names of packages that no layer gets, although others need them.

    Returns
    -------
    dict
        Canonical package names by layer, base first.

    Raises
    ------
    PlanError
        A layer names a package that is not direct, a needed package is missing, or nothing needs an installed one.
    """
    roots: dict[str, Requirement] = {canonicalize_name(requirement.name): requirement for requirement in direct}
    named = {name for names in extra_layers.values() for name in names}
    if named - roots.keys():
        raise PlanError(
            f"layers: a layer names packages that are not direct ones; found {_listed(named - roots.keys())}; "
            f"expected names in the lock's input. Correct the layers or the input."
        )
    members = {BASE: roots.keys() - named, **extra_layers}
    plan: dict[str, frozenset[str]] = {}
    for layer, names in members.items():
        needed = needed_by([roots[name] for name in names], needs, target, unneeded=unneeded)
        plan[layer] = frozenset(needed.difference(*plan.values()))
    stray = needs.keys() - {*unneeded}.union(*plan.values())
    if stray:
        raise PlanError(
            f"layers: packages that nothing needs; found {_listed(stray)}; expected a lock of its input and no more. "
            f"Remake the lock."
        )
    return plan


def needed_by(
    requirements: Iterable[Requirement], needs: Needs, target: Target, *, unneeded: Collection[str] = ()
) -> set[str]:
    """Return the canonical names of these packages and of all that they need on the target, extras included.

    Raises
    ------
    PlanError
        A needed package is neither installed nor `unneeded`.
    """
    environment = target.marker_environment
    seen: set[tuple[str, str]] = set()
    waiting = [(requirement, "") for requirement in requirements]
    while waiting:
        requirement, active_extra = waiting.pop()
        name = canonicalize_name(requirement.name)
        applies = requirement.marker is None or requirement.marker.evaluate({**environment, "extra": active_extra})
        if name in unneeded or not applies:
            continue
        if name not in needs:
            raise PlanError(
                f"layers: a needed package is missing; found no {name} for {target}; expected it in the lock. Remake "
                f"the lock."
            )
        for extra in {"", *requirement.extras} - {extra for seen_name, extra in seen if seen_name == name}:
            seen.add((name, extra))
            waiting += [(need, extra) for need in needs[name]]
    return {name for name, _ in seen}


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)[:_MAX_NAMED])
