"""Errors of warm kernels; but for wrong settings, the notebook then gets a stock kernel and there is one warning."""

from __future__ import annotations


class WarmKernelsError(Exception):
    """Root of this library's errors; never raised itself."""


class SettingsError(WarmKernelsError):
    """An environment variable or an argument of ``start`` has a value that is not allowed."""


class ZygoteRefusedError(WarmKernelsError):
    """A fork would not be safe: a preloaded module failed to import, started a thread or left a descriptor open."""


class ZygoteDiedError(WarmKernelsError):
    """The zygote ended, or did not answer in time."""


class ForkFailedError(WarmKernelsError):
    """The zygote could not fork this kernel, for example for want of memory."""
