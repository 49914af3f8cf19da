"""Read and write S3 objects: the raw file, and a run's own objects, which are never overwritten."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from etl.errors import InputChangedError, MissingObjectError, OutputConflictError
from etl.storage.aws import aws_errors, client, require_right_aws
from etl.storage.read_only import require_writable

HEAD_BYTES = 65_536
BLOCK_BYTES = 1 << 20
CONTENT_TYPES = {".csv": "text/csv; charset=utf-8", ".json": "application/json", ".jsonl": "application/jsonl"}


@dataclass(frozen=True)
class Found:
    """An object that exists.

    Attributes
    ----------
    etag
        Without quotes, as the next step passes it on.
    n_bytes
        Size.
    head
        The first bytes, at most 64 KiB.
    """

    etag: str
    n_bytes: int
    head: bytes


@dataclass(frozen=True)
class Body:
    """A whole object as it was read; `etag` without quotes."""

    content: bytes
    etag: str


class Blocks:
    """The bytes of an object as they come, in blocks; iterate once.

    Attributes
    ----------
    etag
        Without quotes.
    """

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

    def described(self) -> dict[str, Any]:
        """Return what a manifest says of the object: ``bucket_name``, ``key``, ``bytes``, ``sha256`` and ``etag``."""
        return {
            "bucket_name": self._bucket,
            "key": self._key,
            "bytes": self._n_bytes,
            "sha256": self._sha256.hexdigest(),
            "etag": self.etag,
        }


@contextmanager
def reading(bucket: str, key: str, *, etag: str = "") -> Iterator[Blocks]:
    """Yield an object's bytes as they come.

    Parameters
    ----------
    bucket, key
        The object.
    etag
        Read it only if it still has this ETag; empty: whatever is there.

    Raises
    ------
    MissingObjectError
        It is not there (any more).
    InputChangedError
        It has another ETag by now.
    """
    condition = {"IfMatch": f'"{etag}"'} if etag else {}
    with aws_errors(f"s3://{bucket}/{key}, read"):
        answer = s3_client(bucket).get_object(Bucket=bucket, Key=key, **condition)
    with answer["Body"]:
        yield Blocks(bucket, key, answer)


def look_at(bucket: str, key: str) -> Found | None:
    """Return what is there to know of an object from one request, or None where there is no such object.

    Raises
    ------
    MissingBucketError, AccessDeniedError, ThrottledError, ServiceUnavailableError
        "No such object" was *not* the answer: these are never reported as a missing file.
    """
    try:
        with aws_errors(f"s3://{bucket}/{key}, read"):
            answer = s3_client(bucket).get_object(Bucket=bucket, Key=key)
            with answer["Body"] as body:
                return Found(answer["ETag"].strip('"'), answer["ContentLength"], body.read(HEAD_BYTES))
    except MissingObjectError:
        return None


def read(bucket: str, key: str, *, etag: str = "") -> Body:
    """Read a whole object.

    Parameters
    ----------
    bucket, key
        The object.
    etag
        Read it only if it still has this ETag; empty: whatever is there.

    Raises
    ------
    MissingObjectError
        It is not there (any more).
    InputChangedError
        It has another ETag by now.
    """
    with reading(bucket, key, etag=etag) as blocks:
        return Body(b"".join(blocks), blocks.etag)


def etag_of(bucket: str, key: str) -> str | None:
    """Return the ETag of an object, or None where there is no such object."""
    found = look_at(bucket, key)
    return found.etag if found else None


def exists(bucket: str, key: str) -> bool:
    """Tell whether there is such an object."""
    try:
        with aws_errors(f"s3://{bucket}/{key}, look"):
            s3_client(bucket).head_object(Bucket=bucket, Key=key)
    except MissingObjectError:
        return False
    return True


def metadata_of(bucket: str, key: str) -> dict[str, str] | None:
    """Return the metadata of an object, or None where there is no such object."""
    try:
        with aws_errors(f"s3://{bucket}/{key}, look"):
            return dict(s3_client(bucket).head_object(Bucket=bucket, Key=key)["Metadata"])
    except MissingObjectError:
        return None


def write_new(bucket: str, key: str, content: bytes) -> str:
    """Write one of a run's own objects, of the type that its key's ending says; never overwrite another content.

    Return the object's ETag.

    Writing the same bytes again is no error, so a step that is tried again, or a notebook that is run again by hand,
    meets its own work.

    Raises
    ------
    OutputConflictError
        The key holds another content.
    ReadOnlyError
        This session only reads.
    """
    require_writable(f"s3://{bucket}/{key}")
    etag = _written(bucket, key, content)
    if etag:
        return etag
    existing = read(bucket, key)
    if existing.content != content:
        raise OutputConflictError(
            f"s3://{bucket}/{key}: holds another content already; a run's own objects are never overwritten. "
            "Give the run another execution name."
        )
    return existing.etag


def put(bucket: str, key: str, content: BinaryIO) -> None:
    """Write an object, replacing what was there; for raw files, which belong to whoever sends them.

    Raises
    ------
    ReadOnlyError
        This session only reads.
    """
    require_writable(f"s3://{bucket}/{key}")
    with aws_errors(f"s3://{bucket}/{key}, write"):
        s3_client(bucket).put_object(Bucket=bucket, Key=key, Body=content)


def list_keys(bucket: str, prefix: str) -> list[str]:
    """Return the keys below `prefix`, sorted, from all pages."""
    return sorted(list_modified(bucket, prefix))


def list_modified(bucket: str, prefix: str) -> dict[str, datetime]:
    """Return when each object below `prefix` was written (UTC), by key, from all pages."""
    with aws_errors(f"s3://{bucket}/{prefix}, list"):
        pages = s3_client(bucket).get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return {item["Key"]: item["LastModified"] for page in pages for item in page.get("Contents", [])}


def described(bucket: str, key: str, content: bytes) -> dict[str, Any]:
    """Return what a manifest says of an object: ``bucket_name``, ``key``, ``bytes`` and ``sha256`` (hexadecimal)."""
    sha256 = hashlib.sha256(content).hexdigest()
    return {"bucket_name": bucket, "key": key, "bytes": len(content), "sha256": sha256}


def to_json(value: Any) -> bytes:
    """Return `value` as indented JSON in UTF-8 that ends with a line feed; the same value gives the same bytes."""
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


def _written(bucket: str, key: str, content: bytes) -> str | None:
    """Write an object under a key that is still free, and return its ETag; None if the key is taken."""
    content_type = CONTENT_TYPES[PurePosixPath(key).suffix]
    try:
        with aws_errors(f"s3://{bucket}/{key}, write"):
            answer = s3_client(bucket).put_object(
                Bucket=bucket, Key=key, Body=content, ContentType=content_type, IfNoneMatch="*"
            )
    except InputChangedError:  # what a failed condition is called where one reads
        return None
    return str(answer["ETag"]).strip('"')


def s3_client(bucket: str) -> Any:
    """Return the client for a bucket, once it is sure that it leads where the bucket is."""
    s3 = client("s3")
    require_right_aws(bucket, s3.meta.endpoint_url)
    return s3
