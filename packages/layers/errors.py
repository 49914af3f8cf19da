"""Errors of the layer builder."""


class LayersError(Exception):
    """Root of all errors of this package; never raised directly."""


class LockError(LayersError):
    """The lock or its input cannot be read, or has not exactly one hashed version of a package for the target."""


class PlanError(LayersError):
    """The packages cannot be divided: one is named but not locked, missing, or needed by nothing."""


class InterpreterError(LayersError):
    """No Python of the target's version was found on this machine."""


class InstallError(LayersError):
    """pip failed, for example because a package has no wheel for the target or a hash differs."""


class BytecodeError(LayersError):
    """A file that would be shipped is no Python of the target's version."""


class BudgetError(LayersError):
    """A function is too large together with its layers; the message names the biggest parts."""
