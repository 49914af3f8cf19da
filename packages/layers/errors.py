"""Errors of the layer builder."""


class LayersError(Exception):
    """Root of all errors of this package; never raised directly."""


class RequirementsError(LayersError):
    """The list of direct packages cannot be read, or a line of it is no requirement."""


class PlanError(LayersError):
    """The packages cannot be divided: a layer or a package needs one that is missing, or nothing needs one."""


class UvError(LayersError):
    """uv failed: no Python of the target's version, no wheel for the target, another hash than in the lock."""


class BytecodeError(LayersError):
    """The target's Python cannot compile a file that would be shipped."""


class BudgetError(LayersError):
    """A function is too large together with its layers; the message names the largest packages."""
