"""The folder of one run in S3, in which no object is ever overwritten."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from etl.errors import EtlError, OutputConflictError
from etl.runs.layout import name_of_try
from etl.storage.object_store import put_if_absent

MAX_TRIES = 19


@dataclass(frozen=True)
class Artifact:
    """The content of an object for the run's folder, and its MIME type."""

    content: bytes
    content_type: str


class RunFolder:
    """All objects below ``s3://<bucket>/<prefix>``.

    Parameters
    ----------
    s3
        A boto3 client.
    bucket, prefix
        The run's folder.
    """

    def __init__(self, s3: Any, bucket: str, prefix: str) -> None:
        self._s3, self._bucket, self._prefix = s3, bucket, prefix

    def uri(self, name: str) -> str:
        """Return the address of an object of the run."""
        return f"s3://{self._bucket}/{self._prefix}{name}"

    def names(self) -> frozenset[str]:
        """Return the names of the run's objects; a run has fewer than the thousand of one answer."""
        listed = self._s3.list_objects_v2(Bucket=self._bucket, Prefix=self._prefix)
        return frozenset(item["Key"].removeprefix(self._prefix) for item in listed.get("Contents", []))

    def put(self, name: str, artifact: Artifact) -> str:
        """Write an object, as ``<name>.try-2`` and so on if an earlier try wrote one; return its name.

        Raises
        ------
        OutputConflictError
            The names of all tries are taken.
        Exception
            The error of boto3, if S3 refuses the object.
        """
        for number in range(1, MAX_TRIES + 1):
            tried = name_of_try(name, number)
            if put_if_absent(self._s3, self._bucket, self._prefix + tried, artifact.content, artifact.content_type):
                return tried
        raise OutputConflictError(f"{self.uri(name)}: {MAX_TRIES} earlier tries lie there; expected fewer.")


def reason(error: Exception) -> str:
    """Return why S3 refused an object, in a word or two.

    Examples
    --------
    >>> reason(TimeoutError("read")), reason(OutputConflictError("s3://b/k: 19 earlier tries lie there"))
    ('TimeoutError', 's3://b/k: 19 earlier tries lie there')
    """
    if isinstance(error, EtlError):
        return str(error)
    response = getattr(error, "response", None)
    return str(response["Error"]["Code"]) if isinstance(response, dict) else type(error).__name__
