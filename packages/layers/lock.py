"""Read the lock and its input, and choose what of them is for the target."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from layers.errors import LockError
from layers.target import Target

_RELOCK = 'Remake it with "make lock".'


@dataclass(frozen=True)
class Pin:
    """One package of the lock.

    Attributes
    ----------
    name
        The canonical name.
    version
        The one locked version.
    hashes
        Of every wheel that may be taken, such as ``sha256:...``.
    """

    name: str
    version: str
    hashes: tuple[str, ...]

    @property
    def line(self) -> str:
        """The pin as pip reads it, without a marker."""
        return " ".join([f"{self.name}=={self.version}", *(f"--hash={value}" for value in self.hashes)])


def read_requirements(path: Path) -> list[Requirement]:
    """Return what an input file lists, in its order.

    Raises
    ------
    LockError
        A line is no requirement.
    """
    return [requirement for requirement, _ in _entries(path)]


def locked_for(target: Target, path: Path, *, without: Iterable[str] = ()) -> list[Pin]:
    """Return the lock's packages whose environment marker holds on the target.

    pip itself would ask the running Python: ``--python-version`` chooses wheels, it does not change markers.

    Parameters
    ----------
    target
        The runtime for which markers are evaluated.
    path
        A universal lock with a hash for each wheel.
    without
        Canonical names of packages to leave out.

    Returns
    -------
    list of Pin
        One for each package, in the lock's order.

    Raises
    ------
    LockError
        An entry is no pin or has no hash, or a package has two versions for the target.
    """
    left_out, pins = set(without), dict[str, Pin]()
    for requirement, hashes in _entries(path):
        name = canonicalize_name(requirement.name)
        version = _pinned_version(requirement, hashes, path)
        holds = requirement.marker is None or requirement.marker.evaluate(target.marker_environment)
        if not holds or name in left_out:
            continue
        if name in pins:
            raise LockError(
                f"{path.name}: {name} has two versions for Python {target.python} on {target.architecture}; "
                f"found {pins[name].version} and {version}; expected one. {_RELOCK}"
            )
        pins[name] = Pin(name, version, hashes)
    return list(pins.values())


def _entries(path: Path) -> Iterable[tuple[Requirement, tuple[str, ...]]]:
    """Yield the requirement and the hashes of each entry; an entry may go over several lines."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise LockError(f"{path.name}: cannot be read; found {error.strerror}; expected a file. {_RELOCK}") from error
    for line in text.replace("\\\n", " ").splitlines():
        entry, *hashes = line.split(" #")[0].split("--hash=")
        if not entry.strip() or entry.lstrip().startswith("#"):
            continue
        try:
            yield Requirement(entry.strip()), tuple(value.strip() for value in hashes)
        except InvalidRequirement as error:
            raise LockError(
                f"{path.name}: no requirement; found {entry.strip()[:80]!r}; expected NAME==VERSION. {_RELOCK}"
            ) from error


def _pinned_version(requirement: Requirement, hashes: tuple[str, ...], path: Path) -> str:
    operators = [specifier.operator for specifier in requirement.specifier]
    if operators != ["=="] or not hashes:
        raise LockError(
            f"{path.name}: {requirement.name} is not locked; found {str(requirement)[:80]!r} with "
            f"{len(hashes)} hashes; expected one version and a hash for each wheel. {_RELOCK}"
        )
    return next(iter(requirement.specifier)).version
