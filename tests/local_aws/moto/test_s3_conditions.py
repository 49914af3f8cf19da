"""Tests of conditions on copies and on completed uploads, as AWS documents them."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws import EmbeddedAws

pytestmark = pytest.mark.functional
BUCKET = "conditions"


@pytest.fixture(scope="module")
def s3(embedded_aws: EmbeddedAws) -> Any:
    """Return a client of a bucket that is the module's own."""
    client = embedded_aws.client("s3")
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": embedded_aws.region})
    return client


def put(s3: Any, key: str, body: bytes) -> str:
    """Write an object and return its ETag."""
    return str(s3.put_object(Bucket=BUCKET, Key=key, Body=body)["ETag"])


def copy(s3: Any, source: str, key: str, **conditions: str) -> Any:
    """Copy an object."""
    return s3.copy_object(Bucket=BUCKET, Key=key, CopySource=f"{BUCKET}/{source}", **conditions)


def upload(s3: Any, key: str, body: bytes) -> dict[str, Any]:
    """Upload the only part of a multipart upload, and return what completes it."""
    upload_id = s3.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
    part = s3.upload_part(Bucket=BUCKET, Key=key, UploadId=upload_id, PartNumber=1, Body=body)
    parts = [{"PartNumber": 1, "ETag": part["ETag"]}]
    return {"Bucket": BUCKET, "Key": key, "UploadId": upload_id, "MultipartUpload": {"Parts": parts}}


def refusal(call: Any) -> tuple[str, int]:
    """Return the error code and HTTP status of a call that is refused."""
    with pytest.raises(ClientError) as caught:
        call()
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_a_copy_onto_an_existing_object_is_refused_if_none_may_be_there(s3: Any) -> None:
    """If-None-Match answers 412 and leaves the object as it was; a free key is written."""
    put(s3, "a/source", b"new")
    put(s3, "a/taken", b"old")
    assert refusal(lambda: copy(s3, "a/source", "a/taken", IfNoneMatch="*")) == ("PreconditionFailed", 412)
    assert s3.get_object(Bucket=BUCKET, Key="a/taken")["Body"].read() == b"old"
    copy(s3, "a/source", "a/free", IfNoneMatch="*")
    assert s3.get_object(Bucket=BUCKET, Key="a/free")["Body"].read() == b"new"


def test_a_copy_replaces_only_the_object_that_it_names(s3: Any) -> None:
    """If-Match answers 412 for another ETag and 404 for a missing object."""
    put(s3, "b/source", b"new")
    etag = put(s3, "b/target", b"old")
    assert refusal(lambda: copy(s3, "b/source", "b/target", IfMatch='"0"')) == ("PreconditionFailed", 412)
    assert refusal(lambda: copy(s3, "b/source", "b/missing", IfMatch=etag)) == ("NoSuchKey", 404)
    copy(s3, "b/source", "b/target", IfMatch=etag)
    assert s3.get_object(Bucket=BUCKET, Key="b/target")["Body"].read() == b"new"


def test_a_copy_takes_only_the_source_that_it_names(s3: Any) -> None:
    """CopySourceIfMatch answers 412 once the source was replaced, for a whole object and for a part."""
    etag = put(s3, "c/source", b"checked")
    copy(s3, "c/source", "c/one", CopySourceIfMatch=etag)
    put(s3, "c/source", b"replaced")
    assert refusal(lambda: copy(s3, "c/source", "c/two", CopySourceIfMatch=etag)) == ("PreconditionFailed", 412)
    upload_id = s3.create_multipart_upload(Bucket=BUCKET, Key="c/three")["UploadId"]
    part = {
        "Bucket": BUCKET,
        "Key": "c/three",
        "UploadId": upload_id,
        "PartNumber": 1,
        "CopySource": f"{BUCKET}/c/source",
    }
    assert refusal(lambda: s3.upload_part_copy(**part, CopySourceIfMatch=etag)) == ("PreconditionFailed", 412)


def test_an_upload_is_completed_only_onto_the_object_that_it_names(s3: Any) -> None:
    """If-Match answers 412 for another ETag and 404 for a missing object; the upload may be completed afterwards."""
    etag = put(s3, "d/target", b"old")
    completion = upload(s3, "d/target", b"new")
    assert refusal(lambda: s3.complete_multipart_upload(**completion, IfMatch='"0"')) == ("PreconditionFailed", 412)
    missing = upload(s3, "d/missing", b"new")
    assert refusal(lambda: s3.complete_multipart_upload(**missing, IfMatch=etag)) == ("NoSuchKey", 404)
    s3.complete_multipart_upload(**completion, IfMatch=etag)
    assert s3.get_object(Bucket=BUCKET, Key="d/target")["Body"].read() == b"new"


def test_completing_an_upload_again_is_no_conflict_with_itself(s3: Any) -> None:
    """The second request answers as the first did: its answer may have been lost."""
    completion = upload(s3, "e/target", b"new")
    first = s3.complete_multipart_upload(**completion, IfNoneMatch="*")
    assert s3.complete_multipart_upload(**completion, IfNoneMatch="*")["ETag"] == first["ETag"]


def test_an_object_is_written_only_where_there_is_none(s3: Any) -> None:
    """If-None-Match answers 412 for a key that is taken, to a whole object and to a completed upload."""
    s3.put_object(Bucket=BUCKET, Key="f/target", Body=b"old", IfNoneMatch="*")
    write = {"Bucket": BUCKET, "Key": "f/target", "Body": b"new", "IfNoneMatch": "*"}
    assert refusal(lambda: s3.put_object(**write)) == ("PreconditionFailed", 412)
    completion = upload(s3, "f/target", b"new")
    assert refusal(lambda: s3.complete_multipart_upload(**completion, IfNoneMatch="*")) == ("PreconditionFailed", 412)
    assert s3.get_object(Bucket=BUCKET, Key="f/target")["Body"].read() == b"old"


def test_an_object_is_read_only_with_the_etag_that_it_names(s3: Any) -> None:
    """If-Match answers 412 once the object was replaced."""
    etag = put(s3, "g/source", b"seen")
    assert s3.get_object(Bucket=BUCKET, Key="g/source", IfMatch=etag)["Body"].read() == b"seen"
    put(s3, "g/source", b"replaced")
    read = {"Bucket": BUCKET, "Key": "g/source", "IfMatch": etag}
    assert refusal(lambda: s3.get_object(**read)) == ("PreconditionFailed", 412)
