"""Read and write S3 objects: the raw file, and a run's own objects, which are never overwritten."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from botocore.exceptions import ClientError

from etl.errors import MissingObjectError, OutputConflictError
from etl.storage.aws import aws_errors, client, require_right_aws
from etl.storage.read_only import require_writable

HEAD_BYTES = 65_536
BLOCK_BYTES = 1 << 20
_CONTENT_TYPES = {".csv": "text/csv; charset=utf-8", ".json": "application/json", ".jsonl": "application/jsonl"}


@dataclass(frozen=True)
class ObjectSummary:
    """An object that exists: its ETag without quotes, its size, and its first bytes, at most 64 KiB."""

    etag: str
    n_bytes: int
    head: bytes


@dataclass(frozen=True)
class Body:
    """The content of a whole object, and its ETag without quotes."""

    content: bytes
    etag: str


class Blocks:
    """The bytes of an object in blocks, as they arrive; iterate once. `etag` is without quotes."""

    def __init__(self, bucket: str, key: str, answer: dict[str, Any]) -> None:
        self._bucket, self._key, self._body = bucket, key, answer["Body"]
        self.etag = str(answer["ETag"]).strip('"')
        self._sha256, self._n_bytes = hashlib.sha256(), 0

    def __iter__(self) -> Iterator[bytes]:
        """Yield blocks of at most one MiB; raise `ServiceUnavailableError` where the body ends too early."""
        while True:
            with aws_errors(f"s3://{self._bucket}/{self._key}, read"):
                block: bytes = self._body.read(BLOCK_BYTES)
            if not block:
                return
            self._sha256.update(block)
            self._n_bytes += len(block)
            yield block

    def sha256(self) -> bytes:
        """Return the digest of the bytes so far."""
        return self._sha256.digest()

    def manifest_entry(self) -> dict[str, Any]:
        """Return the object's entry in a manifest: ``bucket_name``, ``key``, ``bytes``, ``sha256`` and ``etag``."""
        return manifest_entry(self._bucket, self._key, self._n_bytes, self._sha256.hexdigest()) | {"etag": self.etag}


@contextmanager
def reading(bucket: str, key: str, *, etag: str = "") -> Iterator[Blocks]:
    """Yield an object's bytes as they arrive, if it still has the given ETag; without one, whatever its ETag.

    Raises
    ------
    MissingObjectError
        There is no such object (any more).
    InputChangedError
        It has another ETag by now.
    """
    condition = {"IfMatch": f'"{etag}"'} if etag else {}
    with aws_errors(f"s3://{bucket}/{key}, read"):
        answer = s3_client(bucket).get_object(Bucket=bucket, Key=key, **condition)
    with answer["Body"]:
        yield Blocks(bucket, key, answer)


def read(bucket: str, key: str, *, etag: str = "") -> Body:
    """Read a whole object; parameters and errors are those of `reading`."""
    with reading(bucket, key, etag=etag) as blocks:
        return Body(b"".join(blocks), blocks.etag)


def head_object(bucket: str, key: str) -> ObjectSummary | None:
    """Return ETag, size and first bytes of an object, in one request; None where there is no such object.

    Raises
    ------
    MissingBucketError, AccessDeniedError, ThrottledError, ServiceUnavailableError
        AWS did not answer "no such object": these are never reported as a missing file.
    """
    try:
        with aws_errors(f"s3://{bucket}/{key}, read"):
            answer = s3_client(bucket).get_object(Bucket=bucket, Key=key)
            with answer["Body"] as body:
                return ObjectSummary(answer["ETag"].strip('"'), answer["ContentLength"], body.read(HEAD_BYTES))
    except MissingObjectError:
        return None


def etag_of(bucket: str, key: str) -> str | None:
    """Return the ETag of an object, or None where there is no such object."""
    summary = head_object(bucket, key)
    return summary.etag if summary else None


def metadata_of(bucket: str, key: str) -> dict[str, str] | None:
    """Return the metadata of an object, or None where there is no such object."""
    try:
        with aws_errors(f"s3://{bucket}/{key}, look"):
            return dict(s3_client(bucket).head_object(Bucket=bucket, Key=key)["Metadata"])
    except MissingObjectError:
        return None


def list_keys(bucket: str, prefix: str) -> list[str]:
    """Return the keys below `prefix`, sorted, from all pages."""
    return sorted(list_modified(bucket, prefix))


def list_modified(bucket: str, prefix: str) -> dict[str, datetime]:
    """Return when each object below `prefix` was written (UTC), by key, from all pages."""
    with aws_errors(f"s3://{bucket}/{prefix}, list"):
        pages = s3_client(bucket).get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return {item["Key"]: item["LastModified"] for page in pages for item in page.get("Contents", [])}


def write_new(bucket: str, key: str, content: bytes) -> str:
    """Write one of a run's own objects and return its ETag; never overwrite another content.

    Its type is that of its key's ending. Writing the same bytes again is no error: a step that is tried again, or a
    notebook that is run again by hand, finds its own object.

    Raises
    ------
    OutputConflictError
        The key has another content.
    ReadOnlyError
        This session only reads.
    """
    require_writable(f"s3://{bucket}/{key}")
    with aws_errors(f"s3://{bucket}/{key}, write"):
        etag = put_if_absent(s3_client(bucket), bucket, key, content, content_type_of(key))
    return etag or require_content(bucket, key, hashlib.sha256(content).digest())


def put_if_absent(s3: Any, bucket: str, key: str, content: bytes, content_type: str) -> str | None:
    """Write an object with a boto3 client and return its ETag; None, and nothing is written, if its key is taken.

    Raises
    ------
    botocore.exceptions.ClientError
        S3 refused for another reason.
    """
    try:
        answer = s3.put_object(Bucket=bucket, Key=key, Body=content, ContentType=content_type, IfNoneMatch="*")
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"PreconditionFailed", "412"}:
            raise
        return None
    return str(answer["ETag"]).strip('"')


def require_content(bucket: str, key: str, sha256: bytes) -> str:
    """Accept an object that exists already if it has the content that would have been written; return its ETag.

    Raises
    ------
    OutputConflictError
        It has another content.
    """
    with reading(bucket, key) as blocks:
        for _block in blocks:
            pass
        if blocks.sha256() != sha256:
            raise OutputConflictError(
                f"s3://{bucket}/{key}: holds another content already; a run's own objects are never overwritten. "
                "Give the run another execution name."
            )
    return blocks.etag


def put(bucket: str, key: str, content: BinaryIO, *, only_if_absent: bool = False) -> None:
    """Write an object, replacing an earlier one unless `only_if_absent`; for files that no step of a run writes.

    Raises
    ------
    ReadOnlyError
        This session only reads.
    """
    require_writable(f"s3://{bucket}/{key}")
    condition = {"IfNoneMatch": "*"} if only_if_absent else {}
    with aws_errors(f"s3://{bucket}/{key}, write"):
        s3_client(bucket).put_object(Bucket=bucket, Key=key, Body=content, **condition)


def manifest_entry(bucket: str, key: str, n_bytes: int, sha256: str) -> dict[str, Any]:
    """Return an object's entry in a manifest: ``bucket_name``, ``key``, ``bytes`` and ``sha256`` (hexadecimal)."""
    return {"bucket_name": bucket, "key": key, "bytes": n_bytes, "sha256": sha256}


def content_type_of(key: str) -> str:
    """Return the media type of one of a run's own objects, by the ending of its key."""
    return _CONTENT_TYPES[PurePosixPath(key).suffix]


def s3_client(bucket: str) -> Any:
    """Return the client for a bucket, after `etl.storage.aws.require_right_aws`."""
    s3 = client("s3")
    require_right_aws(bucket, s3.meta.endpoint_url)
    return s3
