"""Conditions on writes to S3 that AWS honours and moto ignores: on copies, and If-Match on completed uploads.

Sources: API_CopyObject.html, API_UploadPartCopy.html and API_CompleteMultipartUpload.html in
https://docs.aws.amazon.com/AmazonS3/latest/API/, and
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html.
"""

import functools
from typing import Any, NoReturn
from urllib.parse import parse_qs, unquote, urlparse


def honour_conditions() -> None:
    """Let moto's S3 check the conditions of copies, whole or in parts, and of completed uploads before it writes."""
    from moto.s3.responses import S3Response  # noqa: PLC0415 - a second's work, done in the background

    copy_object, copy_part = S3Response.copy_object, S3Response.upload_part_copy
    complete = S3Response._key_response_post  # noqa: SLF001

    @functools.wraps(copy_object)
    def checked_copy(self: Any) -> Any:
        _check_source(self)
        _check_target(self, self.parse_key_name())
        return copy_object(self)

    @functools.wraps(copy_part)
    def checked_part(self: Any) -> Any:
        _check_source(self)
        return copy_part(self)

    @functools.wraps(complete)
    def checked_complete(self: Any, request: Any, body: bytes, bucket: str, query: Any, key: str) -> Any:  # noqa: PLR0917
        if query.get("uploadId") and not _is_completed(self, key, query["uploadId"][0]):
            _check_target(self, key)
        return complete(self, request, body, bucket, query, key)

    S3Response.copy_object, S3Response.upload_part_copy = checked_copy, checked_part
    S3Response._key_response_post = checked_complete  # noqa: SLF001


def _check_source(response: Any) -> None:
    """Check the condition on the object that is copied."""
    expected = response.headers.get("x-amz-copy-source-if-match")
    if not expected:
        return
    source = urlparse(response.headers["x-amz-copy-source"])
    bucket, key = unquote(source.path).lstrip("/").split("/", 1)
    version_id = parse_qs(source.query).get("versionId", [None])[0]
    existing = response.backend.get_object(bucket, key, version_id=version_id)
    # moto itself answers for an object that is missing
    if existing is not None and not _has_etag(existing, expected):
        _fail("x-amz-copy-source-If-Match")


def _check_target(response: Any, key: str) -> None:
    """Check If-Match and If-None-Match on the object that would be written."""
    from moto.s3.exceptions import MissingKey  # noqa: PLC0415 - the same

    existing = response.backend.get_object(response.bucket_name, key)
    expected = response.headers.get("If-Match")
    if expected and existing is None:
        raise MissingKey(key=key)
    if expected and not _has_etag(existing, expected):
        _fail("If-Match")
    if response.headers.get("If-None-Match") == "*" and existing is not None:
        _fail("If-None-Match")


def _is_completed(response: Any, key: str, upload_id: str) -> bool:
    """Tell whether this very upload was completed already: to complete it again is no error, and checks nothing."""
    existing = response.backend.get_object(response.bucket_name, key)
    return existing is not None and existing.multipart is not None and existing.multipart.id == upload_id


def _has_etag(existing: Any, etag: str) -> bool:
    return bool(existing.etag.strip('"') == etag.strip('"'))


def _fail(condition: str) -> NoReturn:
    from moto.s3.exceptions import PreconditionFailed  # noqa: PLC0415 - the same

    raise PreconditionFailed(condition)
