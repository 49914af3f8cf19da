"""The folder of one run in S3: its objects are kept beside those of earlier tries, and never overwritten."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from etl.errors import EtlError, OutputConflictError
from etl.storage.object_store import put_if_absent

MOST_COPIES = 20


class RunFolder:
    """Everything below ``s3://<bucket>/<prefix>``.

    Parameters
    ----------
    s3
        A boto3 client.
    bucket, prefix
        Where the run's objects lie.
    """

    def __init__(self, s3: Any, bucket: str, prefix: str) -> None:
        self._s3, self._bucket, self._prefix = s3, bucket, prefix

    def uri(self, name: str) -> str:
        """Return the address of one of the run's objects."""
        return f"s3://{self._bucket}/{self._prefix}{name}"

    def names(self) -> frozenset[str]:
        """Return the names of the run's objects; a run has fewer than the thousand of one answer."""
        listed = self._s3.list_objects_v2(Bucket=self._bucket, Prefix=self._prefix)
        return frozenset(item["Key"].removeprefix(self._prefix) for item in listed.get("Contents", []))

    def keep(self, name: str, content: bytes, content_type: str) -> str:
        """Write an object, as ``<name>.try-2`` and so on where an earlier try has left one; return its name.

        Raises
        ------
        OutputConflictError
            All tries' names are taken.
        Exception
            What boto3 raises when S3 does not take it.
        """
        path = PurePosixPath(name)
        for number in range(1, MOST_COPIES):
            tried = name if number == 1 else f"{path.stem}.try-{number}{path.suffix}"
            if put_if_absent(self._s3, self._bucket, self._prefix + tried, content, content_type):
                return tried
        raise OutputConflictError(f"{self.uri(name)}: {MOST_COPIES - 1} earlier tries lie there; expected fewer.")


def reason(error: Exception) -> str:
    """Return why S3 did not take an object, in a word or two.

    Examples
    --------
    >>> reason(TimeoutError("read")), reason(OutputConflictError("s3://b/k: 19 earlier tries lie there"))
    ('TimeoutError', 's3://b/k: 19 earlier tries lie there')
    """
    if isinstance(error, EtlError):
        return str(error)
    response = getattr(error, "response", None)
    return str(response["Error"]["Code"]) if isinstance(response, dict) else type(error).__name__
