"""What can go wrong with a warm kernel; the notebook then gets a normal kernel, and there is one warning."""

from __future__ import annotations


class WarmKernelsError(Exception):
    """Root of this library's errors; never raised itself."""


class SettingsError(WarmKernelsError):
    """An environment variable or an argument of ``start`` has a value that is not allowed."""


class ZygoteRefusedError(WarmKernelsError):
    """The zygote will not fork: a module cannot be imported, or it left a thread or an open descriptor behind."""


class ZygoteDiedError(WarmKernelsError):
    """The zygote ended, or did not answer in time."""


class ForkFailedError(WarmKernelsError):
    """The zygote could not make a kernel process of this request, for example for want of memory."""
