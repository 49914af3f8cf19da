"""Which launches one zygote can serve: those with the same interpreter, start variables, user and groups."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import translate

from warm_kernels.kernel_launch import KernelLaunch

# Python, a C library or a widespread package reads these once, when it is loaded. A fork cannot change that, so a
# launch with other values needs another zygote.
START_VARIABLES = (
    *("PYTHON*", "LD_*", "DYLD_*", "MALLOC_*", "GLIBC_TUNABLES", "LANG", "LANGUAGE", "LC_*"),
    *("HOME", "XDG_*_HOME", "IPYTHON*", "JUPYTER_*", "MPL*", "MATPLOTLIBRC", "*_NUM_THREADS"),
)

_START_VARIABLE = re.compile("|".join(map(translate, START_VARIABLES)))


@dataclass(frozen=True)
class LaunchFingerprint:
    """What a process gets only at its start, and a forked kernel therefore from its zygote."""

    python: str
    flags: tuple[str, ...]
    variables: tuple[tuple[str, str], ...]  # the start variables, sorted
    identity: tuple[int, ...]  # user and group ids

    def environment(self, owner: Mapping[str, str]) -> dict[str, str]:
        """Return the owner's environment with its start variables replaced by this fingerprint's."""
        others = {name: value for name, value in owner.items() if not _START_VARIABLE.match(name)}
        return {**others, **dict(self.variables)}


def launch_fingerprint_of(launch: KernelLaunch) -> LaunchFingerprint:
    """Return the fingerprint that a zygote must have to serve this launch."""
    return LaunchFingerprint(
        python=launch.command.python,
        flags=launch.command.flags,
        variables=tuple((name, launch.env[name]) for name in sorted(filter(_START_VARIABLE.match, launch.env))),
        identity=(os.getuid(), os.geteuid(), os.getgid(), os.getegid(), *sorted(os.getgroups())),
    )
