"""The standard streams of a kernel, as file descriptors."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def standard_streams(kwargs: dict[str, Any]) -> Iterator[list[int]]:
    """Give file descriptors for a kernel's standard input, output and error, as Popen understands its arguments.

    Raises
    ------
    ValueError
        A pipe is wanted, which only a child can have.
    """
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    try:
        # a kernel's input is never its owner's
        streams = [_descriptor(kwargs.get("stdin"), null, null)]
        streams.append(_descriptor(kwargs.get("stdout"), 1, null))
        error = kwargs.get("stderr")
        streams.append(streams[1] if error == subprocess.STDOUT else _descriptor(error, 2, null))
        yield streams
    finally:
        os.close(null)


def _descriptor(wanted: Any, default: int, null: int) -> int:
    if wanted is None:
        return default
    if wanted == subprocess.DEVNULL:
        return null
    number = wanted if isinstance(wanted, int) else wanted.fileno()
    if number < 0:
        raise ValueError("pipes to a kernel: a forked kernel cannot have them.")
    return int(number)
