"""The zygote of this process and its standby kernels: started when needed, replaced when a launch needs another."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import sys
import threading
from typing import Any

from warm_kernels.errors import WarmKernelsError, ZygoteDiedError
from warm_kernels.kernel_launch import KernelCommand, KernelLaunch, standard_streams
from warm_kernels.launch_fingerprint import LaunchFingerprint, launch_fingerprint_of
from warm_kernels.settings import Settings, settings_from
from warm_kernels.zygote.forked_process import ForkedProcess, StandbyKernel
from warm_kernels.zygote.zygote import Zygote

logger = logging.getLogger("warm_kernels")


class ZygoteManager:
    """Manages one zygote. Several threads may call every method at the same time."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._settings: Settings | None = None
        self._zygote: Zygote | None = None
        self._draining: list[Zygote] = []  # replaced zygotes, which end with their last kernel
        self._standbys: list[StandbyKernel] = []
        self._warnings: set[str] = set()

    @property
    def settings(self) -> Settings:
        """The settings of ``start``, else those of the environment variables."""
        return self._settings or settings_from(os.environ)

    def start(self, settings: Settings, *, wait: bool) -> None:
        """Use these settings from now on, and start the zygote; try again one that has refused to fork."""
        with self._lock:
            if settings != self._settings:
                self._discard_standbys()
            if self._zygote and self._zygote.has_refused:
                self._drain()
            self._settings = settings
            self._warnings.clear()
        if not settings.enabled:
            return
        command = KernelCommand(sys.executable, (), settings.arguments)
        try:
            with standard_streams({}) as streams:
                launch = KernelLaunch(command, dict(os.environ), os.getcwd(), streams)  # noqa: PTH109 - needs a string
                zygote = self._zygote_for(launch_fingerprint_of(launch))
                self.refill(launch)
            if wait:
                zygote.wait_until_ready()
                for standby in list(self._standbys):
                    standby.wait_until_ready()
        except (WarmKernelsError, OSError) as error:
            self.warn(str(error))

    def _zygote_for(self, fingerprint: LaunchFingerprint) -> Zygote:
        """Return a zygote with this fingerprint, which may still import its modules or have refused to fork."""
        preload = self.settings.preload
        with self._lock:
            zygote = self._zygote
            is_dead = zygote and not zygote.is_alive and not zygote.has_refused
            if zygote and (is_dead or (zygote.fingerprint, zygote.preload) != (fingerprint, preload)):
                self._drain()
            self._zygote = self._zygote or Zygote(fingerprint, preload)
            return self._zygote

    def _drain(self) -> None:
        self._discard_standbys()
        if self._zygote:
            self._zygote.drain()
            self._draining.append(self._zygote)
            self._zygote = None
        self._draining = [zygote for zygote in self._draining if zygote.is_alive]

    def _discard_standbys(self) -> None:
        for standby in self._standbys:
            standby.process.discard()
        self._standbys.clear()

    def fork(self, launch: KernelLaunch) -> ForkedProcess:
        """Return a running kernel process; a zygote that died unnoticed is replaced once.

        Raises
        ------
        WarmKernelsError, OSError
            No kernel could be forked; the caller launches a stock one.
        """
        try:
            return self._fork(launch)
        except ZygoteDiedError:
            return self._fork(launch)

    def _fork(self, launch: KernelLaunch) -> ForkedProcess:
        zygote = self._zygote_for(launch_fingerprint_of(launch))
        zygote.wait_until_ready()
        try:
            process = zygote.fork(launch)
            process.wait_for_start()
        except ZygoteDiedError:
            with self._lock:
                if self._zygote is zygote:
                    self._drain()
            raise
        return process

    def claim_standby(self, launch: KernelLaunch, connection_file: str) -> tuple[ForkedProcess, dict[str, Any]] | None:
        """Return the process and connection of a standby kernel that serves this launch; None if there is none.

        Standby kernels that do not serve it are killed: `refill` forks new ones like this launch.
        """
        with self._lock:
            zygote = self._zygote
            if not zygote or not zygote.is_alive or zygote.fingerprint != launch_fingerprint_of(launch):
                return None
            while self._standbys:
                standby = self._standbys.pop(0)
                if standby.serves(launch):
                    break
                standby.process.discard()
            else:
                return None
        try:
            return standby.claim(launch, connection_file), standby.connection
        except WarmKernelsError as error:
            logger.debug("standby kernel not used: %s", error)
            return None

    def refill(self, launch: KernelLaunch) -> None:
        """Fork standby kernels like `launch`, as many as the settings demand, without waiting for them."""
        with self._lock:
            zygote = self._zygote
            if not zygote or not zygote.is_alive:
                return
            launch = launch.without_connection_file()
            with contextlib.suppress(ZygoteDiedError):
                while len(self._standbys) < self.settings.standby:
                    self._standbys.append(StandbyKernel(zygote.fork(launch, standby=True), launch))

    def warn(self, reason: str) -> None:
        """Log, once for each reason, why kernels are stock ones."""
        with self._lock:
            if reason not in self._warnings:
                self._warnings.add(reason)
                logger.warning("kernels start the normal, slow way: %s", reason)

    def stop(self) -> None:
        """End every zygote and every kernel that they forked; the next kernel starts a new zygote."""
        with self._lock:
            self._discard_standbys()
            zygotes = self._remove_zygotes()
        for zygote in zygotes:
            zygote.stop()

    def detach(self) -> None:
        """After a fork of this process, close the child's copies only: the processes are the parent's."""
        self._lock = threading.RLock()
        for standby in self._standbys:
            standby.process.detach()
        self._standbys.clear()
        for zygote in self._remove_zygotes():
            zygote.detach()

    def _remove_zygotes(self) -> list[Zygote]:
        zygotes = [*self._draining, *([self._zygote] if self._zygote else [])]
        self._zygote, self._draining = None, []
        return zygotes


zygote_manager = ZygoteManager()
atexit.register(zygote_manager.stop)
with contextlib.suppress(AttributeError):  # no fork on Windows
    os.register_at_fork(after_in_child=zygote_manager.detach)
