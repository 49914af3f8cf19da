"""Errors of the embedded AWS."""


class LocalAwsError(Exception):
    """Root of all errors of this package; never raised directly."""


class StartError(LocalAwsError):
    """The embedded AWS could not start: its port is taken, or moto ended early and the message has its last lines."""


class UnsafeUpstreamError(LocalAwsError):
    """The gateway would forward to an address that is not on this machine."""


class ServiceFileError(LocalAwsError):
    """A serverless file cannot be read: broken YAML, or variables that are missing or not supported."""


class DeployError(LocalAwsError):
    """A service could not be deployed: its CloudFormation stack failed, or a reference leads nowhere."""


class UnsupportedPolicyError(LocalAwsError):
    """A policy has a part that the embedded AWS cannot evaluate; the call that needs it is refused."""


class StoppingError(LocalAwsError):
    """A function was invoked while the embedded AWS was stopping."""


class FunctionNotFoundError(LocalAwsError):
    """No function of this name (and version) is deployed."""


class CodeNotFoundError(LocalAwsError):
    """A function is deployed, but its code is not known, or not on this machine any more."""


class BrokenArchiveError(LocalAwsError):
    """A function's or a layer's archive cannot be unpacked: no sound zip file, unsafe entries, or too large."""


class RuntimeNotFoundError(LocalAwsError):
    """Nothing on this machine can run the function's runtime; the message names what to install."""
