"""The versions of a published history, and the way back to one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from etl.errors import MissingObjectError, OutputConflictError
from etl.storage.aws import aws_errors
from etl.storage.object_store import metadata_of, s3_client
from etl.storage.publication import Publication, publish


@dataclass(frozen=True)
class PublishedVersion:
    """A version of a published history.

    Attributes
    ----------
    version_id, etag, n_bytes
        As S3 has them; the ETag without quotes.
    published_at
        UTC.
    metadata
        ``execution``, ``sha256`` and ``manifest`` of the run that made it.
    is_current
        Whether it is the one that people read.
    """

    version_id: str
    etag: str
    n_bytes: int
    published_at: datetime
    metadata: Mapping[str, str]
    is_current: bool


def published_versions(bucket: str, key: str) -> list[PublishedVersion]:
    """Return the versions of a published history, the newest first; none is current after a deletion.

    Raises
    ------
    MissingObjectError
        There is no version at all: the day was never published.
    """
    where = f"s3://{bucket}/{key}, versions"
    with aws_errors(where):
        s3 = s3_client(bucket)
        pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=key)
        entries = [entry for page in pages for entry in page.get("Versions", []) if entry["Key"] == key]
        versions = [_version(s3, bucket, entry) for entry in entries]
    if not versions:
        raise MissingObjectError(f"{where}: the day was never published; expected a day that was.")
    return sorted(versions, key=lambda version: (version.is_current, version.published_at), reverse=True)


def roll_back(bucket: str, key: str, version_id: str) -> PublishedVersion:
    """Publish an earlier version of a day again, if nobody publishes meanwhile; return what is published then.

    Copies the version over the current one as `etl.storage.publication.publish` does. All versions stay.

    Raises
    ------
    MissingObjectError
        The day has no such version.
    OutputConflictError
        It is the current version already, or somebody published meanwhile.
    EtlError
        As `etl.storage.publication.publish` raises it.
    """
    versions = {version.version_id: version for version in published_versions(bucket, key)}
    if version_id not in versions:
        raise MissingObjectError(
            f"s3://{bucket}/{key}: no version {version_id:.1100}; expected one of those that are listed."
        )
    version = versions[version_id]
    if version.is_current:
        raise OutputConflictError(f"s3://{bucket}/{key}: {version_id} is what is published; nothing was done.")
    current = next((other for other in versions.values() if other.is_current), None)
    publish(
        Publication(
            bucket=bucket,
            source_key=key,
            source_etag=version.etag,
            n_bytes=version.n_bytes,
            published_key=key,
            replaced_etag=current.etag if current else None,
            metadata=version.metadata,
            source_version=version_id,
        )
    )
    if metadata_of(bucket, key) != version.metadata:
        raise OutputConflictError(f"s3://{bucket}/{key}: another run published right after; list the versions again.")
    return published_versions(bucket, key)[0]


def _version(s3: Any, bucket: str, entry: Mapping[str, Any]) -> PublishedVersion:
    answer = s3.head_object(Bucket=bucket, Key=entry["Key"], VersionId=entry["VersionId"])
    return PublishedVersion(
        version_id=entry["VersionId"],
        etag=entry["ETag"].strip('"'),
        n_bytes=entry["Size"],
        published_at=entry["LastModified"],
        metadata=answer["Metadata"],
        is_current=entry["IsLatest"],
    )
