"""Every error that this project raises on purpose.

Step Functions sees the *name* of the class (a Lambda's ``errorType``), so Retry and Catch in ``workflow/`` match on it.
Messages read ``<where>: <what is wrong>; expected <rule>. <what to do>``.
"""

from __future__ import annotations


class EtlError(Exception):
    """Root of our errors; never raised itself."""


class TransientError(EtlError):
    """Root of errors that a later try may not meet; never raised itself. The state machine retries its leaves."""


class ThrottledError(TransientError):
    """AWS asked to slow down, and went on asking after the client's own retries."""


class ServiceUnavailableError(TransientError):
    """An AWS service answered 5xx, or not at all."""


class AccessDeniedError(EtlError):
    """The caller's role does not allow the request."""


class MissingBucketError(EtlError):
    """The bucket does not exist."""


class MissingObjectError(EtlError):
    """An object that an earlier step wrote, or found, is not there."""


class MissingTableError(EtlError):
    """The device table does not exist."""


class AwsRequestError(EtlError):
    """AWS refused a request for a reason that has no name of its own here."""


class InputChangedError(EtlError):
    """The raw object was replaced after LoadFile looked at it, or a run's local file after the run."""


class OutputConflictError(EtlError):
    """Another content already lies under the key of a run's own object, which is never overwritten."""


class RawFileError(EtlError):
    """The raw file is not what the contract allows: empty, truncated, another encoding or another shape."""


class DevicesFileError(EtlError):
    """A local devices file is neither a list of items nor the output of ``aws dynamodb scan``."""


class RunNotFoundError(EtlError):
    """No such run was kept, or it does not say what it read."""


class TooManyQuarantinedError(EtlError):
    """A larger share of the records than the threshold allows broke the contract."""


class MissingColumnsError(EtlError):
    """A frame lacks a column that is needed."""


class ReconciliationError(EtlError):
    """The row counts of a run do not add up: a row was lost or made up."""


class ChecksFailedError(EtlError):
    """A check of severity *fail* failed; the day is not published."""


class ReadOnlyError(EtlError):
    """Something would be written in a session that only reads, see `etl.storage.read_only`."""


class SettingsError(EtlError):
    """An environment variable is missing or has a wrong value."""


class ParametersError(EtlError):
    """A notebook would be run with an unknown, missing or wrongly typed parameter."""


class NotebookError(EtlError):
    """A notebook's code raised something that is not one of our errors, or gave no result."""


class ReportError(EtlError):
    """A notebook passed, but its report could not be made or kept; the day is not published without one."""


class KernelDiedError(EtlError):
    """The notebook's kernel process ended before its notebook did, most often for want of memory."""


class NotebookTimeoutError(EtlError):
    """The notebook was stopped because its Lambda's time was nearly up."""


def leaves(root: type[EtlError] = EtlError) -> dict[str, type[EtlError]]:
    """Return the raisable classes below `root`, by name.

    Examples
    --------
    >>> sorted(leaves(TransientError))
    ['ServiceUnavailableError', 'ThrottledError']
    """
    found: dict[str, type[EtlError]] = {}
    for child in root.__subclasses__():
        found.update(leaves(child) if child.__subclasses__() else {child.__name__: child})
    return found
