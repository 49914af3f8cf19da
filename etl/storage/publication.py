"""Publish a checked history, or an earlier version of a published one: one conditional server-side copy.

Source of the conditions: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from etl.errors import EtlError, InputChangedError, MissingObjectError, OutputConflictError, TransientError
from etl.storage.aws import aws_errors
from etl.storage.object_store import s3_client
from etl.storage.read_only import require_writable

MAX_COPY_BYTES = 5 << 30  # CopyObject's limit, and that of a part
PART_BYTES = 1 << 30
CONTENT_TYPE = "text/csv; charset=utf-8"
_IDENTITY = ("execution", "sha256")


@dataclass(frozen=True)
class Publication:
    """What is to be published, and what may be replaced by it.

    Attributes
    ----------
    bucket
        The analytics bucket.
    source_key, source_etag, n_bytes
        The run's history as it was checked, and its size.
    published_key
        Where people read.
    replaced_etag
        ETag of what was published when the run began; None: nothing was.
    metadata
        Of the published object; ``execution`` and ``sha256`` tell whose it is.
    source_version
        VersionId of the source; None: its newest version.
    """

    bucket: str
    source_key: str
    source_etag: str
    n_bytes: int
    published_key: str
    replaced_etag: str | None
    metadata: Mapping[str, str]
    source_version: str | None = None

    @property
    def condition(self) -> dict[str, str]:
        """The condition on what lies under the published key."""
        return {"IfMatch": f'"{self.replaced_etag}"'} if self.replaced_etag else {"IfNoneMatch": "*"}

    @property
    def source(self) -> dict[str, Any]:
        """The source of a copy, with the condition on it."""
        version = {"VersionId": self.source_version} if self.source_version else {}
        return {
            "CopySource": {"Bucket": self.bucket, "Key": self.source_key, **version},
            "CopySourceIfMatch": f'"{self.source_etag}"',
        }


def publish(publication: Publication, *, max_copy_bytes: int = MAX_COPY_BYTES, part_bytes: int = PART_BYTES) -> None:
    """Copy a run's checked history to where people read, at once and only if nobody published since the run began.

    A failed condition, a conflict or a lost answer may come from this very publication, whose first request succeeded:
    what is published is read back before anything is called an error. So publishing twice is no error.

    Parameters
    ----------
    publication
        What is to be published.
    max_copy_bytes, part_bytes
        A larger history is copied in parts of this size.

    Raises
    ------
    OutputConflictError
        Another run published since this one began.
    InputChangedError
        The run's history is not the one that was checked.
    ServiceUnavailableError, ThrottledError
        S3 did not answer, or two writes met; a later try may succeed.
    ReadOnlyError
        This session only reads.
    """
    where = f"s3://{publication.bucket}/{publication.published_key}"
    require_writable(where)
    copy = _copy if publication.n_bytes <= max_copy_bytes else _copy_in_parts
    try:
        with aws_errors(f"{where}, publish"):
            copy(s3_client(publication.bucket), publication, part_bytes)
    except (InputChangedError, MissingObjectError, TransientError) as error:
        published = _head(publication, publication.published_key)
        source = _head(publication, publication.source_key, publication.source_version)
        if published and _is_published(publication, published):
            return
        if source is None or _etag(source) != publication.source_etag:
            raise InputChangedError(
                f"s3://{publication.bucket}/{publication.source_key}: not the history that was checked; found ETag "
                f"{_etag(source) if source else 'none: it is gone'}; expected {publication.source_etag}. Nothing was "
                "published; start the run again."
            ) from error
        if (_etag(published) if published else None) != publication.replaced_etag:
            raise OutputConflictError(
                f"{publication.published_key} was published by another run since this one began. Start the run again "
                "to replace it."
            ) from error
        raise


def _copy(s3: Any, publication: Publication, _part_bytes: int) -> None:
    s3.copy_object(
        Bucket=publication.bucket,
        Key=publication.published_key,
        MetadataDirective="REPLACE",
        Metadata=dict(publication.metadata),
        ContentType=CONTENT_TYPE,
        **publication.source,
        **publication.condition,
    )


def _copy_in_parts(s3: Any, publication: Publication, part_bytes: int) -> None:
    """Copy what is too large for CopyObject; the upload's completion carries the condition."""
    target = {"Bucket": publication.bucket, "Key": publication.published_key}
    upload = s3.create_multipart_upload(**target, Metadata=dict(publication.metadata), ContentType=CONTENT_TYPE)
    target["UploadId"] = upload["UploadId"]
    try:
        parts = []
        for number, begin in enumerate(range(0, publication.n_bytes, part_bytes), start=1):
            span = f"bytes={begin}-{min(begin + part_bytes, publication.n_bytes) - 1}"
            answer = s3.upload_part_copy(**target, PartNumber=number, CopySourceRange=span, **publication.source)
            parts.append({"PartNumber": number, "ETag": answer["CopyPartResult"]["ETag"]})
        s3.complete_multipart_upload(**target, MultipartUpload={"Parts": parts}, **publication.condition)
    except BaseException:
        # should S3 refuse even that, the bucket's lifecycle rule ends the upload in a day
        with contextlib.suppress(EtlError), aws_errors(f"{publication.published_key}, abort"):
            s3.abort_multipart_upload(**target)
        raise


def _is_published(publication: Publication, published: dict[str, Any]) -> bool:
    """Tell whether what S3 knows of the published object is what this publication writes."""
    metadata = published["Metadata"]
    return all(metadata.get(name) == publication.metadata.get(name) for name in _IDENTITY)


def _head(publication: Publication, key: str, version: str | None = None) -> dict[str, Any] | None:
    """Return what S3 knows of an object, or None where there is none."""
    try:
        with aws_errors(f"s3://{publication.bucket}/{key}, look"):
            s3 = s3_client(publication.bucket)
            more = {"VersionId": version} if version else {}
            answer: dict[str, Any] = s3.head_object(Bucket=publication.bucket, Key=key, **more)
    except MissingObjectError:
        return None
    return answer


def _etag(answer: dict[str, Any]) -> str:
    return str(answer["ETag"]).strip('"')
