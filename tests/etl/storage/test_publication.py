"""Publishing is one conditional copy: tried again it is no conflict with itself, and nobody else's day is replaced."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from etl.errors import InputChangedError, OutputConflictError, TransientError
from etl.storage.aws import client
from etl.storage.publication import Publication, publish

pytestmark = pytest.mark.functional

BUCKET = "publication-local"
HISTORY = b"device_id,timestamp,power,user_id,type\n" * 400_000
METADATA = {"execution": "run-1", "sha256": "s", "manifest": "m"}
# S3 refuses to copy what is larger in one request; here the limit is smaller, and parts are as small as S3 allows
IN_PARTS = {"max_copy_bytes": 1, "part_bytes": 5 << 20}
_numbers = itertools.count(1)


@pytest.fixture(params=[{}, IN_PARTS], ids=["whole", "in parts"])
def options(request: pytest.FixtureRequest) -> Any:
    """Return what makes the copy one request, or several."""
    return request.param


@pytest.fixture
def s3(embedded_aws: Any) -> Any:
    """Return a client of the bucket."""
    found = client("s3")
    if BUCKET not in {bucket["Name"] for bucket in found.list_buckets()["Buckets"]}:
        found.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": embedded_aws.region})
    return found


@pytest.fixture
def publication(s3: Any) -> Publication:
    """Return the publication of a run's history, of a day for which nothing is published."""
    number = next(_numbers)
    etag = s3.put_object(Bucket=BUCKET, Key=f"runs/{number}/history.csv", Body=HISTORY)["ETag"].strip('"')
    return Publication(BUCKET, f"runs/{number}/history.csv", etag, len(HISTORY), f"days/{number}.csv", None, METADATA)


@pytest.fixture
def answers(s3: Any) -> Any:
    """Return a function that lets S3 answer with a failure after it has done, or has not done, what was asked."""
    handlers: list[tuple[str, Any]] = []

    def plant(operation: str, status: int, code: str, *, is_done: bool) -> None:
        event = f"{'after-call' if is_done else 'before-call'}.s3.{operation}"

        def fail(**_event: Any) -> None:
            s3.meta.events.unregister(event, fail)
            answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
            raise s3.exceptions.ClientError(answer, operation)

        s3.meta.events.register(event, fail)
        handlers.append((event, fail))

    yield plant
    for event, fail in handlers:
        s3.meta.events.unregister(event, fail)


def published(s3: Any, publication: Publication) -> tuple[bytes, dict[str, str]]:
    """Return what is published, and its metadata."""
    answer = s3.get_object(Bucket=BUCKET, Key=publication.published_key)
    return answer["Body"].read(), answer["Metadata"]


def no_upload_is_open(s3: Any) -> bool:
    """Tell whether every multipart upload was completed or aborted."""
    return "Uploads" not in s3.list_multipart_uploads(Bucket=BUCKET)


def test_a_day_is_published_for_the_first_time(s3: Any, publication: Publication, options: Any) -> None:
    """Readers get the history byte for byte, with metadata that names its run."""
    publish(publication, **options)
    assert published(s3, publication) == (HISTORY, METADATA)
    assert s3.head_object(Bucket=BUCKET, Key=publication.published_key)["ContentType"] == "text/csv; charset=utf-8"


def test_a_later_run_replaces_the_day_that_it_saw(s3: Any, publication: Publication, options: Any) -> None:
    """The condition is the ETag that was published when the run began."""
    before = s3.put_object(Bucket=BUCKET, Key=publication.published_key, Body=b"old")["ETag"].strip('"')
    publish(replace(publication, replaced_etag=before), **options)
    assert published(s3, publication) == (HISTORY, METADATA)


@pytest.mark.parametrize("replaced_etag", [None, "0" * 32], ids=["nothing was published", "another was published"])
def test_the_day_of_another_run_stays(
    s3: Any, publication: Publication, options: Any, replaced_etag: str | None
) -> None:
    """Whoever published since this run began has won, and the error says what to do."""
    s3.put_object(Bucket=BUCKET, Key=publication.published_key, Body=b"other", Metadata={"execution": "run-2"})
    with pytest.raises(OutputConflictError, match="was published by another run since this one began"):
        publish(replace(publication, replaced_etag=replaced_etag), **options)
    assert published(s3, publication)[0] == b"other"
    assert no_upload_is_open(s3)


def test_a_day_that_was_removed_meanwhile_is_a_conflict(publication: Publication, options: Any) -> None:
    """S3 answers 404 to a condition on an object that is gone."""
    with pytest.raises(OutputConflictError):
        publish(replace(publication, replaced_etag="0" * 32), **options)


def test_a_history_that_was_replaced_after_its_check_is_refused(
    s3: Any, publication: Publication, options: Any
) -> None:
    """Nothing is published, and the error names the file, what was found and what was expected."""
    s3.put_object(Bucket=BUCKET, Key=publication.source_key, Body=b"unchecked")
    with pytest.raises(InputChangedError, match=rf"not the history that was checked.*{publication.source_etag}"):
        publish(publication, **options)
    assert not s3.list_objects_v2(Bucket=BUCKET, Prefix=publication.published_key)["KeyCount"]
    assert no_upload_is_open(s3)


def test_a_history_that_is_gone_is_refused(s3: Any, publication: Publication, options: Any) -> None:
    """Nothing is published."""
    s3.delete_object(Bucket=BUCKET, Key=publication.source_key)
    with pytest.raises(InputChangedError, match="it is gone"):
        publish(publication, **options)


def test_publishing_twice_is_no_error(s3: Any, publication: Publication, options: Any) -> None:
    """A second try after a crash finds its own work."""
    publish(publication, **options)
    publish(publication, **options)
    assert published(s3, publication) == (HISTORY, METADATA)


@pytest.mark.parametrize(
    "failure", [(412, "PreconditionFailed"), (409, "ConditionalRequestConflict"), (500, "InternalError")]
)
def test_a_lost_answer_is_no_conflict(
    s3: Any, publication: Publication, options: Any, answers: Any, failure: tuple[int, str]
) -> None:
    """S3 has made the copy and answers, to the client's own second try, that its condition failed."""
    answers("CompleteMultipartUpload" if options else "CopyObject", *failure, is_done=True)
    publish(publication, **options)
    assert published(s3, publication) == (HISTORY, METADATA)


@pytest.mark.parametrize("failure", [(409, "ConditionalRequestConflict"), (503, "SlowDown")])
def test_a_copy_that_was_not_made_may_be_tried_again(
    s3: Any, publication: Publication, options: Any, answers: Any, failure: tuple[int, str]
) -> None:
    """The error is one that the state machine retries, and the second try publishes."""
    answers("CompleteMultipartUpload" if options else "CopyObject", *failure, is_done=False)
    with pytest.raises(TransientError):
        publish(publication, **options)
    assert no_upload_is_open(s3)
    publish(publication, **options)
    assert published(s3, publication) == (HISTORY, METADATA)
