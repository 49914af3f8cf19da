"""A sandbox like Lambda's for deployed code: bubblewrap shows a function its own files and nothing of this machine's.

Lambda's paths, all read-only but ``/tmp``; no ``/dev/shm``; a foreign user without HOME; only the function's own
processes. The network is this machine's, because the function must reach the gateway; host names do not resolve.
The sandbox finds early what would fail on Lambda. It does not protect against hostile code.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from local_aws.functions.deployed_function import FunctionCode
from local_aws.functions.filesystem_layout import LAMBDA_LAYOUT

_UID, _GID = "993", "990"
_IDENTITY = [
    *("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
    *("--uid", _UID, "--gid", _GID, "--cap-drop", "ALL", "--new-session", "--clearenv"),
]
_SYSTEM = ["/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/bin", "/sbin", "/lib", "/lib32", "/lib64"]
_DATA = ["/usr/share/zoneinfo", "/usr/share/ca-certificates", "/etc/ssl", "/etc/pki", "/etc/ca-certificates"]
_LINKER = ["/etc/ld.so.cache", "/etc/alternatives"]
_DEVICES = ["null", "zero", "full", "random", "urandom"]
_ACCOUNTS = {
    "passwd": f"root:x:0:0:root:/root:/bin/bash\nsbx_user1051:x:{_UID}:{_GID}::/home/sbx_user1051:/sbin/nologin\n",
    "group": f"root:x:0:\nsbx_user1051:x:{_GID}:\n",
    "hosts": "127.0.0.1 localhost\n",
}
_PROBE_SECONDS = 20


@cache
def sandbox_missing() -> str | None:
    """Return why this machine cannot make a sandbox, or None."""
    if sys.platform != "linux":
        return f"sandbox: needs Linux; found {sys.platform}"
    if not shutil.which("bwrap"):
        return "sandbox: no bubblewrap on PATH; expected bwrap. Install it, say with `apt-get install bubblewrap`."
    command = ["bwrap", *_IDENTITY, *_system_arguments(), *_tmp_arguments(1), "--", "/bin/sh", "-c", ":"]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=_PROBE_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"sandbox: bwrap does not run; found {error}"
    if ended.returncode:
        reason = " ".join(ended.stderr.split())[:200]
        return (
            f"sandbox: bwrap cannot make one here; found {reason}; expected version 0.5 or later, and user namespaces "
            f"to be allowed for {'root' if os.geteuid() == 0 else 'ordinary users'}"
        )
    return None


def sandbox_arguments(code: FunctionCode, environment: Mapping[str, str], *, tmp_mb: int, accounts: Path) -> list[str]:
    """Return bwrap's arguments, without the command.

    Parameters
    ----------
    code
        Deployed code.
    environment
        All variables.
    tmp_mb
        Size of ``/tmp`` in MiB.
    accounts
        See `write_accounts`.
    """
    python = code.python
    assert python  # noqa: S101 - tells the type checker; deployed code has one
    opt = ["--ro-bind", str(code.opt_root), LAMBDA_LAYOUT.opt] if code.opt_root else ["--dir", LAMBDA_LAYOUT.opt]
    base = [] if python.base == python.sandbox_base else ["--ro-bind", str(python.base), str(python.sandbox_base)]
    return [
        *_IDENTITY,
        *_system_arguments(),
        *(item for name in _ACCOUNTS for item in ("--ro-bind", str(accounts / name), f"/etc/{name}")),
        *base,
        *("--ro-bind", str(python.sandbox_lang), LAMBDA_LAYOUT.lang),
        *("--ro-bind", str(python.runtime), LAMBDA_LAYOUT.runtime),
        *("--ro-bind", str(code.task_root), LAMBDA_LAYOUT.task),
        *opt,
        *_tmp_arguments(tmp_mb),
        *(item for pair in environment.items() for item in ("--setenv", *pair)),
        *("--chdir", LAMBDA_LAYOUT.task),
    ]


def write_accounts(folder: Path) -> None:
    """Write the files of ``/etc`` that a function sees."""
    folder.mkdir(parents=True)
    for name, text in _ACCOUNTS.items():
        (folder / name).write_text(text, encoding="utf-8")


def exit_status(status: int) -> int:
    """Turn the exit status of bwrap, 128 + signal as in shells, into one as in `subprocess`: -signal.

    Examples
    --------
    >>> exit_status(3), exit_status(128 + 9), exit_status(-9)
    (3, -9, -9)
    """
    signals_from = 128
    return signals_from - status if status > signals_from else status


def _system_arguments() -> Sequence[str]:
    """Return the arguments that show the system, read-only: programs, libraries, certificates, time zones, devices."""
    arguments: list[str] = []
    for path in _SYSTEM:
        if Path(path).is_symlink():
            arguments += ["--symlink", str(Path(path).readlink()), path]
        else:
            arguments += ["--ro-bind-try", path, path]
    for path in (*_DATA, *_LINKER):
        arguments += ["--ro-bind-try", path, path]
    arguments += ["--proc", "/proc", "--dir", "/dev"]
    for name in _DEVICES:
        arguments += ["--dev-bind", f"/dev/{name}", f"/dev/{name}"]
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        arguments += ["--symlink", f"/proc/self/fd/{number}", f"/dev/{name}"]
    return [*arguments, "--symlink", "/proc/self/fd", "/dev/fd"]


def _tmp_arguments(tmp_mb: int) -> list[str]:
    """Return the arguments that make ``/tmp``, and everything else read-only."""
    tmp = ["--perms", "0700", "--size", str(tmp_mb << 20), "--tmpfs", LAMBDA_LAYOUT.tmp]
    # /proc/sys belongs to the whole machine, and a process that root starts owns it, whatever its user id inside.
    return [*tmp, "--remount-ro", "/proc", "--remount-ro", "/"]
