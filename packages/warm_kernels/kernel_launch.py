"""What a kernel is launched with: its command, environment, working directory and standard streams."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

LAUNCHER = "ipykernel_launcher"


@dataclass(frozen=True)
class KernelCommand:
    """The command ``python [flags] -m ipykernel_launcher [arguments]``; the arguments include the connection file."""

    python: str
    flags: tuple[str, ...]
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class KernelLaunch:
    """A kernel to be launched: its command, whole environment, folder, and descriptors of its three streams."""

    command: KernelCommand
    env: Mapping[str, str]
    cwd: str
    streams: Sequence[int]

    def without_connection_file(self) -> KernelLaunch:
        """Return the launch without the argument that differs from kernel to kernel."""
        arguments = self.command.arguments
        at = arguments.index("-f") if "-f" in arguments else len(arguments)
        return replace(self, command=replace(self.command, arguments=arguments[:at] + arguments[at + 2 :]))


def parse_command(command: Sequence[str]) -> KernelCommand | None:
    """Return the parts of ``python [flags] -m ipykernel_launcher ...``, None for any other command.

    The interpreter of another virtual environment is another command, even if both are links to one program.

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
    if command[at - 1] != "-m" or not all(_is_flag(flag) for flag in flags):
        return None
    return KernelCommand(command[0], flags, tuple(command[at + 1 :]))


def _is_this_python(python: str) -> bool:
    theirs, ours = os.path.abspath(os.path.expanduser(python)), os.path.abspath(sys.executable)  # noqa: PTH100, PTH111
    # python, python3 and python3.13 of one bin folder are the same; a link from another folder is another environment
    return os.path.dirname(theirs) == os.path.dirname(ours) and os.path.realpath(theirs) == os.path.realpath(ours)  # noqa: PTH120


def _is_flag(flag: str) -> bool:
    """Tell an option of the interpreter, or its value, from a script or another way to name the program."""
    return flag not in {"-c", "-m", "-"} and (flag.startswith("-") or "=" in flag or flag.isalnum())


@contextlib.contextmanager
def standard_streams(popen_arguments: Mapping[str, Any]) -> Iterator[list[int]]:
    """Yield file descriptors for ``stdin``, ``stdout`` and ``stderr`` as ``subprocess.Popen`` takes them.

    Standard input is empty by default, not that of this process.

    Raises
    ------
    ValueError
        An argument asks for a pipe, which only a child process can have.
    """
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    try:
        streams = [_descriptor(popen_arguments.get("stdin"), null, null)]
        streams.append(_descriptor(popen_arguments.get("stdout"), 1, null))
        error = popen_arguments.get("stderr")
        streams.append(streams[1] if error == subprocess.STDOUT else _descriptor(error, 2, null))
        yield streams
    finally:
        os.close(null)


def _descriptor(stream: Any, default: int, null: int) -> int:
    if stream is None:
        return default
    if stream == subprocess.DEVNULL:
        return null
    number = stream if isinstance(stream, int) else stream.fileno()
    if number < 0:
        raise ValueError("pipes to a kernel: a forked kernel cannot have them.")
    return int(number)
