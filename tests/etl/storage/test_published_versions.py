"""A published day goes back to an earlier version by one conditional copy, and no version is lost."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from etl.errors import InputChangedError, MissingObjectError, OutputConflictError
from etl.storage import published_versions as module
from etl.storage.aws import client
from etl.storage.published_versions import published_versions, roll_back

pytestmark = pytest.mark.functional

BUCKET = "published-versions-local"
_numbers = itertools.count(1)


@pytest.fixture
def s3(embedded_aws: Any) -> Any:
    """Return a client of a bucket with versions."""
    s3 = client("s3")
    if BUCKET not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": embedded_aws.region})
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return s3


def put(s3: Any, key: str, content: bytes, execution: str) -> str:
    """Publish a content, and return its version."""
    metadata = {"execution": execution, "sha256": f"sha256 of {execution}", "manifest": f"runs/{execution}"}
    version: str = s3.put_object(Bucket=BUCKET, Key=key, Body=content, Metadata=metadata)["VersionId"]
    return version


@pytest.fixture
def key(s3: Any) -> str:
    """Return a day that was published by two runs."""
    key = f"days/{next(_numbers)}.csv"
    put(s3, key, b"good", "run-1")
    put(s3, key, b"bad!!", "run-2")
    put(s3, f"{key}.bak", b"not a version of it", "run-3")
    return key


def content(s3: Any, key: str) -> bytes:
    """Return what people read."""
    body: bytes = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return body


def executions(key: str) -> list[str]:
    """Return the run of each version, the newest first."""
    return [version.metadata["execution"] for version in published_versions(BUCKET, key)]


def test_the_versions_are_listed_with_their_runs(key: str) -> None:
    """Lists the versions of exactly this key, the newest first, with size, run and digest."""
    newest, oldest = published_versions(BUCKET, key)
    assert (newest.is_current, newest.n_bytes, newest.metadata["sha256"]) == (True, 5, "sha256 of run-2")
    assert (oldest.is_current, oldest.n_bytes, oldest.metadata["execution"]) == (False, 4, "run-1")


def test_an_earlier_version_is_published_again(s3: Any, key: str) -> None:
    """Readers get the earlier content with its metadata, as a third version; both others stay."""
    version = published_versions(BUCKET, key)[-1]
    now = roll_back(BUCKET, key, version.version_id)
    assert content(s3, key) == b"good"
    assert (now.is_current, now.metadata) == (True, version.metadata)
    assert executions(key)[0] == "run-1"
    assert sorted(executions(key)) == ["run-1", "run-1", "run-2"]


def test_a_rollback_is_rolled_back(s3: Any, key: str) -> None:
    """The version that was replaced is still listed, and can be published again."""
    bad, good = published_versions(BUCKET, key)
    roll_back(BUCKET, key, good.version_id)
    roll_back(BUCKET, key, bad.version_id)
    assert content(s3, key) == b"bad!!"


def test_a_deleted_day_comes_back(s3: Any, key: str) -> None:
    """After a deletion no version is current, and the condition is that there is no object."""
    s3.delete_object(Bucket=BUCKET, Key=key)
    newest, oldest = published_versions(BUCKET, key)
    assert not newest.is_current
    roll_back(BUCKET, key, oldest.version_id)
    assert content(s3, key) == b"good"


def test_a_run_that_publishes_meanwhile_wins(s3: Any, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The copy has the ETag that was listed as its condition, so the newer day stays published."""
    publish = module.publish

    def publish_late(publication: Any) -> None:
        put(s3, key, b"newer", "run-9")
        publish(publication)

    monkeypatch.setattr(module, "publish", publish_late)
    with pytest.raises(OutputConflictError, match="published by another run"):
        roll_back(BUCKET, key, published_versions(BUCKET, key)[-1].version_id)
    assert content(s3, key) == b"newer"


def test_a_version_that_is_removed_meanwhile_is_refused(s3: Any, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is published in its place."""
    publish, version = module.publish, published_versions(BUCKET, key)[-1].version_id

    def publish_late(publication: Any) -> None:
        s3.delete_object(Bucket=BUCKET, Key=key, VersionId=version)
        publish(publication)

    monkeypatch.setattr(module, "publish", publish_late)
    with pytest.raises(InputChangedError):
        roll_back(BUCKET, key, version)
    assert content(s3, key) == b"bad!!"


def test_what_is_published_needs_no_rollback(key: str) -> None:
    """The current version is not published once more."""
    with pytest.raises(OutputConflictError, match="is what is published; nothing was done"):
        roll_back(BUCKET, key, published_versions(BUCKET, key)[0].version_id)


def test_an_unknown_version_or_day_is_refused(key: str) -> None:
    """The message says that there is no such version, or that the day was never published."""
    with pytest.raises(MissingObjectError, match="no version nothing"):
        roll_back(BUCKET, key, "nothing")
    with pytest.raises(MissingObjectError, match="never published"):
        published_versions(BUCKET, "days/none.csv")
