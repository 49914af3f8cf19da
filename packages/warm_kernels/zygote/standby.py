"""A kernel that is to be started, and one that was forked ahead of time for such a start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from warm_kernels.launch_fingerprint import KernelCommand
from warm_kernels.zygote.forked_process import ForkedProcess
from warm_kernels.zygote.zygote import Zygote


@dataclass(frozen=True)
class Start:
    """One kernel that is to be started: its command, environment, folder, and standard streams."""

    command: KernelCommand
    env: Mapping[str, str]
    cwd: str
    streams: Sequence[int]


@dataclass
class Standby:
    """A kernel forked ahead of time, and what it can stand in for."""

    process: ForkedProcess
    zygote: Zygote
    arguments: tuple[str, ...]
    cwd: str
    connection: dict[str, Any] = field(default_factory=dict)

    def wait_until_ready(self) -> None:
        """Wait until it runs and has told its connection.

        Raises
        ------
        ForkFailedError, ZygoteDiedError
            It never will.
        """
        if not self.connection:
            self.process.wait_for_start()
            self.connection = self.process.ask("connection")
