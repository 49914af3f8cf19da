"""What a process gets only when its Python starts, and so a forked kernel from its zygote: the origin of both."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import translate

LAUNCHER = "ipykernel_launcher"

# Read when Python, a C library or a widespread package is loaded; in a process that has loaded them, setting them
# comes too late. A zygote that was started with other values is replaced.
START_VARIABLES = (
    *("PYTHON*", "LD_*", "DYLD_*", "MALLOC_*", "GLIBC_TUNABLES", "LANG", "LANGUAGE", "LC_*"),
    *("HOME", "XDG_*_HOME", "IPYTHON*", "JUPYTER_*", "MPL*", "MATPLOTLIBRC", "*_NUM_THREADS"),
)

_START_VARIABLE = re.compile("|".join(map(translate, START_VARIABLES)))


@dataclass(frozen=True)
class Origin:
    """How a zygote's Python was started; two that are equal give equal kernels.

    Attributes
    ----------
    python, flags
        The interpreter and its options, as in the kernel's command.
    variables
        The environment variables that matter at the start, sorted.
    identity
        User and group ids of the owner.
    """

    python: str
    flags: tuple[str, ...]
    variables: tuple[tuple[str, str], ...]
    identity: tuple[int, ...]

    def environment(self, owner: Mapping[str, str]) -> dict[str, str]:
        """Return the owner's environment with this origin's variables in the place of the owner's own."""
        others = {name: value for name, value in owner.items() if not _START_VARIABLE.match(name)}
        return {**others, **dict(self.variables)}


@dataclass(frozen=True)
class KernelCommand:
    """A kernel's command that a zygote can stand in for.

    Attributes
    ----------
    python, flags
        The interpreter and its options.
    arguments
        What follows the launcher's name, the connection file included.
    """

    python: str
    flags: tuple[str, ...]
    arguments: tuple[str, ...]

    def without_connection_file(self) -> tuple[str, ...]:
        """Return the arguments that are the same from kernel to kernel."""
        where = self.arguments.index("-f") if "-f" in self.arguments else len(self.arguments)
        return self.arguments[:where] + self.arguments[where + 2 :]


def parse_command(command: Sequence[str]) -> KernelCommand | None:
    """Return the parts of ``python [flags] -m ipykernel_launcher ...``, None for any other command.

    Another interpreter is another command, also when it is the same program in another virtual environment.

    Examples
    --------
    >>> parse_command([sys.executable, "-X", "dev", "-m", "ipykernel_launcher", "-f", "k.json"]).flags
    ('-X', 'dev')
    >>> parse_command(["R", "--slave", "-e", "IRkernel::main()", "--args", "k.json"])
    """
    if LAUNCHER not in command or not _is_this_python(command[0]):
        return None
    at = command.index(LAUNCHER)
    flags = tuple(command[1 : at - 1])
    if command[at - 1] != "-m" or not all(_keeps_its_meaning(flag) for flag in flags):
        return None
    return KernelCommand(command[0], flags, tuple(command[at + 1 :]))


def _is_this_python(python: str) -> bool:
    theirs, ours = os.path.abspath(os.path.expanduser(python)), os.path.abspath(sys.executable)  # noqa: PTH100, PTH111
    # python, python3 and python3.13 of one bin folder are one; links are not followed further: that leaves a venv
    return os.path.dirname(theirs) == os.path.dirname(ours) and os.path.realpath(theirs) == os.path.realpath(ours)  # noqa: PTH120


def _keeps_its_meaning(flag: str) -> bool:
    return flag not in {"-c", "-m", "-"} and (flag.startswith("-") or "=" in flag or flag.isalnum())


def origin_of(command: KernelCommand, environment: Mapping[str, str]) -> Origin:
    """Return the origin that a kernel of this command, in this environment, must have."""
    return Origin(
        python=command.python,
        flags=command.flags,
        variables=tuple((name, environment[name]) for name in sorted(filter(_START_VARIABLE.match, environment))),
        identity=(os.getuid(), os.geteuid(), os.getgid(), os.getegid(), *sorted(os.getgroups())),
    )
