"""The one zygote of this process, and its standby kernels: started when needed, replaced when it does not fit."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import sys
import threading
from typing import Any

from warm_kernels.errors import WarmKernelsError, ZygoteDiedError, ZygoteRefusedError
from warm_kernels.launch_fingerprint import KernelCommand, Origin, origin_of
from warm_kernels.settings import Settings, settings_from
from warm_kernels.zygote.forked_process import ForkedProcess
from warm_kernels.zygote.standby import Standby, Start
from warm_kernels.zygote.streams import standard_streams
from warm_kernels.zygote.zygote import Zygote

logger = logging.getLogger("warm_kernels")


class Keeper:
    """Keeps one zygote. All methods may be called by several threads at a time."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._settings: Settings | None = None
        self._zygote: Zygote | None = None
        self._retired: list[Zygote] = []  # they end with their last kernel
        self._standbys: list[Standby] = []
        self._refused: dict[tuple[Origin, tuple[str, ...]], str] = {}
        self._warned: set[str] = set()

    @property
    def settings(self) -> Settings:
        """Those of ``start``, or those of the environment."""
        return self._settings or settings_from(os.environ)

    def start(self, settings: Settings, *, wait: bool) -> None:
        """Use these settings from now on, try again what was refused before, and start the zygote."""
        with self._lock:
            if settings != self._settings:
                self._drop_standbys()
            self._settings = settings
            self._refused.clear()
            self._warned.clear()
        if not settings.enabled:
            return
        command = KernelCommand(sys.executable, (), settings.arguments)
        try:
            with standard_streams({}) as streams:
                first = Start(command, dict(os.environ), os.getcwd(), streams)  # noqa: PTH109 - a string is wanted
                zygote = self._zygote_of(origin_of(command, os.environ))
                self.refill(first)
            if wait:
                zygote.wait_until_ready()
                for standby in list(self._standbys):
                    standby.wait_until_ready()
        except (WarmKernelsError, OSError) as error:
            self.warn(str(error))

    def zygote(self, origin: Origin) -> Zygote:
        """Return a zygote of this origin that is ready to fork.

        Raises
        ------
        ZygoteRefusedError
            Forking would not be safe; remembered, so that only the first kernel waits to learn it.
        ZygoteDiedError, OSError
            It could not be started.
        """
        zygote = self._zygote_of(origin)
        try:
            zygote.wait_until_ready()
        except (ZygoteRefusedError, ZygoteDiedError) as refusal:
            with self._lock:
                self._refused[origin, zygote.preload] = str(refusal)
            raise
        return zygote

    def _zygote_of(self, origin: Origin) -> Zygote:
        """Return a zygote of this origin that may still be importing."""
        preload = self.settings.preload
        with self._lock:
            if reason := self._refused.get((origin, preload)):
                raise ZygoteRefusedError(reason)
            zygote = self._zygote
            if zygote and (not zygote.is_alive() or (zygote.origin, zygote.preload) != (origin, preload)):
                self._drop()
                zygote = None
            if not zygote:
                zygote = self._zygote = Zygote(origin, preload)
            return zygote

    def _drop(self) -> None:
        self._drop_standbys()
        if self._zygote:
            self._zygote.retire()
            self._retired.append(self._zygote)
            self._zygote = None
        self._retired = [zygote for zygote in self._retired if zygote.is_alive()]

    def _drop_standbys(self) -> None:
        for standby in self._standbys:
            standby.process.abandon()
        self._standbys.clear()

    def fork(self, start: Start) -> ForkedProcess:
        """Return a running kernel process.

        A zygote that died is replaced, once: it may have died since anybody looked.

        Raises
        ------
        WarmKernelsError, OSError
            There is none; the caller starts a normal kernel.
        """
        origin = origin_of(start.command, start.env)
        for last_try in (False, True):
            zygote = self.zygote(origin)
            try:
                process = zygote.fork(start.command, env=start.env, cwd=start.cwd, streams=start.streams)
                process.wait_for_start()
            except ZygoteDiedError:
                with self._lock:
                    if self._zygote is zygote:
                        self._drop()
                if last_try:
                    raise
            else:
                return process
        raise AssertionError  # pragma: no cover - the loop returns or raises

    def adopt(self, start: Start, connection_file: str) -> tuple[ForkedProcess, dict[str, Any]] | None:
        """Return a standby kernel that fits, and its connection; None when there is none.

        Kernels that do not fit are ended: the next ones will be like the kernel that is started now.
        """
        arguments = start.command.without_connection_file()
        with self._lock:
            zygote = self._zygote
            if not zygote or not zygote.is_alive() or zygote.origin != origin_of(start.command, start.env):
                return None
            for standby in list(self._standbys):
                self._standbys.remove(standby)
                if (standby.zygote, standby.arguments, standby.cwd) == (zygote, arguments, start.cwd):
                    break
                standby.process.abandon()
            else:
                return None
        try:
            standby.wait_until_ready()
            adoption = {"env": dict(start.env), "connection_file": connection_file}
            standby.process.ask("adopted", adoption, start.streams)
        except WarmKernelsError as error:
            logger.debug("standby kernel not used: %s", error)
            return None
        return standby.process, standby.connection

    def refill(self, start: Start) -> None:
        """Fork standby kernels like `start` until there are as many as the settings say; do not wait for them."""
        with self._lock:
            zygote = self._zygote
            if not zygote or not zygote.is_alive():
                return
            arguments = start.command.without_connection_file()
            command = KernelCommand(start.command.python, start.command.flags, arguments)
            while len(self._standbys) < self.settings.standby:
                try:
                    process = zygote.fork(command, env=start.env, cwd=start.cwd, streams=start.streams, standby=True)
                except ZygoteDiedError:
                    return
                self._standbys.append(Standby(process, zygote, arguments, start.cwd))

    def warn(self, reason: str) -> None:
        """Say, once for each reason, why kernels are normal ones."""
        with self._lock:
            if reason not in self._warned:
                self._warned.add(reason)
                logger.warning("kernels start the normal, slow way: %s", reason)

    def stop(self) -> None:
        """End the zygote and all kernels that it forked; the next kernel starts a new one."""
        with self._lock:
            self._drop_standbys()
            zygotes = [*self._retired, *([self._zygote] if self._zygote else [])]
            self._zygote, self._retired = None, []
        for zygote in zygotes:
            zygote.close()

    def forget(self) -> None:
        """In a fork of this process: own nothing."""
        self._lock = threading.RLock()
        for standby in self._standbys:
            standby.process.let_go()
        self._standbys.clear()
        for zygote in (*self._retired, *([self._zygote] if self._zygote else [])):
            zygote.forget()
        self._zygote, self._retired = None, []


keeper = Keeper()
atexit.register(keeper.stop)
with contextlib.suppress(AttributeError):  # no fork on Windows
    os.register_at_fork(after_in_child=keeper.forget)
