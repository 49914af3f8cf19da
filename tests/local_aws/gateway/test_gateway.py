"""Tests of requests through the gateway, and of those that it denies."""

import http.client
import io
import json
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from local_aws import EmbeddedAws

pytestmark = pytest.mark.functional
_SIGNED = (
    "Host: localhost\r\nAuthorization: AWS4-HMAC-SHA256 Credential=x/20260101/ap-northeast-1/s3/aws4_request, "
    "SignedHeaders=host, Signature=x\r\n"
)
_TWENTY_MIB = 20 * 1024 * 1024


@pytest.fixture(scope="module")
def bucket(embedded_aws: EmbeddedAws) -> str:
    """Make a bucket for this module."""
    where = {"LocationConstraint": embedded_aws.region}
    embedded_aws.client("s3").create_bucket(Bucket="gateway", CreateBucketConfiguration=where)
    return "gateway"


def raw(aws: EmbeddedAws, request: bytes) -> bytes:
    """Send bytes to the gateway and return everything that comes back until it closes or is silent."""
    host, port = aws.endpoint_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(request)
        received = b""
        while True:
            connection.settimeout(1)
            try:
                piece = connection.recv(65536)
            except TimeoutError:
                return received
            if not piece:
                return received
            received += piece


def test_an_object_survives_the_way_there_and_back(embedded_aws: EmbeddedAws, bucket: str) -> None:
    """Passes keys, metadata, ranges and HEAD answers unchanged."""
    s3 = embedded_aws.client("s3")
    key = "日付/a b+c&d=%2F.csv"
    s3.put_object(Bucket=bucket, Key=key, Body=b"0123456789", Metadata={"run_id": "x-1"}, ContentType="text/csv")
    head = s3.head_object(Bucket=bucket, Key=key)
    assert (head["ContentLength"], head["ContentType"], head["Metadata"]) == (10, "text/csv", {"run_id": "x-1"})
    part = s3.get_object(Bucket=bucket, Key=key, Range="bytes=2-4")
    assert (part["Body"].read(), part["ContentRange"]) == (b"234", "bytes 2-4/10")
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=bucket, Prefix="日付")["Contents"]] == [key]


def test_large_objects_pass(embedded_aws: EmbeddedAws, bucket: str) -> None:
    """Passes a large object in one request and in parts."""
    s3 = embedded_aws.client("s3")
    body = bytes(range(256)) * (_TWENTY_MIB // 256)
    s3.put_object(Bucket=bucket, Key="one", Body=body)
    s3.upload_fileobj(io.BytesIO(body), bucket, "parts", Config=TransferConfig(multipart_chunksize=8 * 2**20))
    assert s3.get_object(Bucket=bucket, Key="one")["Body"].read() == body
    assert s3.get_object(Bucket=bucket, Key="parts")["Body"].read() == body


def test_a_body_of_unknown_length_passes(embedded_aws: EmbeddedAws, bucket: str) -> None:
    """Passes bodies that boto3 sends chunked, with aws-chunked coding, too."""

    class Unseekable(io.RawIOBase):
        def __init__(self, data: bytes) -> None:
            self._data = io.BytesIO(data)

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            return self._data.read(size)

    s3 = embedded_aws.client("s3")
    body = b"unknown length " * 100_000
    s3.upload_fileobj(Unseekable(body), bucket, "unseekable")
    s3.put_object(Bucket=bucket, Key="checked", Body=body, ChecksumAlgorithm="SHA256")
    assert s3.get_object(Bucket=bucket, Key="unseekable")["Body"].read() == body
    assert s3.get_object(Bucket=bucket, Key="checked")["Body"].read() == body


def test_chunked_requests_share_a_connection_with_others(embedded_aws: EmbeddedAws, bucket: str) -> None:
    """Reads a chunked body and its trailers to the end, where the next request begins."""
    answer = raw(
        embedded_aws,
        f"PUT /{bucket}/chunked HTTP/1.1\r\n{_SIGNED}Transfer-Encoding: chunked\r\n\r\n".encode()
        + b"5;ext=1\r\nhello\r\n6\r\n world\r\n0\r\nX-Trailer: 1\r\n\r\n"
        + f"GET /{bucket}/chunked HTTP/1.1\r\n{_SIGNED}Connection: close\r\n\r\n".encode(),
    )
    assert answer.count(b"HTTP/1.1 200") == 2
    assert answer.endswith(b"hello world")


def test_a_client_that_expects_100_continue_gets_it(embedded_aws: EmbeddedAws, bucket: str) -> None:
    """Answers ``Expect: 100-continue`` before the body comes."""
    head = f"PUT /{bucket}/expected HTTP/1.1\r\n{_SIGNED}Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    assert raw(embedded_aws, head.encode()).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")


def test_head_and_empty_answers_have_no_body(embedded_aws: EmbeddedAws, bucket: str) -> None:
    """Keeps the Content-Length of a HEAD answer, sends none with a 204, and keeps the connection open."""
    s3 = embedded_aws.client("s3")
    s3.put_object(Bucket=bucket, Key="h", Body=b"12345")
    answer = raw(
        embedded_aws,
        f"HEAD /{bucket}/h HTTP/1.1\r\n{_SIGNED}\r\n"
        f"DELETE /{bucket}/h HTTP/1.1\r\n{_SIGNED}\r\n"
        f"GET /{bucket}/h HTTP/1.1\r\n{_SIGNED}Connection: close\r\n\r\n".encode(),
    )
    first, second, third = answer.split(b"HTTP/1.1 ")[1:]
    assert first.startswith(b"200")
    assert b"Content-Length: 5\r\n" in first
    assert first.endswith(b"\r\n\r\n")
    assert second.startswith(b"204")
    assert b"ontent-Length" not in second
    assert third.startswith(b"404")


def test_a_malformed_chunk_is_rejected(embedded_aws: EmbeddedAws, bucket: str) -> None:
    """Answers a malformed chunk with status 400 and the reason."""
    head = f"PUT /{bucket}/bad HTTP/1.1\r\n{_SIGNED}Transfer-Encoding: chunked\r\n\r\nzz\r\n"
    answer = raw(embedded_aws, head.encode())
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"not a hexadecimal number" in answer


def test_errors_of_moto_come_through(embedded_aws: EmbeddedAws, bucket: str) -> None:
    """Passes S3's own error code to the client."""
    with pytest.raises(ClientError) as caught:
        embedded_aws.client("s3").get_object(Bucket=bucket, Key="nobody")
    assert caught.value.response["Error"]["Code"] == "NoSuchKey"


@pytest.mark.parametrize(
    "request_line",
    [
        "GET http://s3.amazonaws.com/bucket/key HTTP/1.1",
        "PUT https://sns.eu-west-1.amazonaws.com/ HTTP/1.1",
        "CONNECT s3.amazonaws.com:443 HTTP/1.1",
    ],
)
def test_it_is_no_proxy(embedded_aws: EmbeddedAws, request_line: str) -> None:
    """Answers a request for another host with status 403 and does not forward it."""
    answer = raw(embedded_aws, f"{request_line}\r\nHost: s3.amazonaws.com\r\nContent-Length: 3\r\n\r\nabc".encode())
    assert answer.startswith(b"HTTP/1.1 403")
    assert b"this gateway is no proxy" in answer


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/moto-api/config", b'{"core": {"passthrough": {"services": ["s3"]}}}'),
        ("/moto%2Dapi/config", b'{"core": {"mock_credentials": false}}'),
        ("/moto-api/config", b"not json"),
        ("/moto-api/proxy/passthrough", b'{"https_hosts": ["s3.amazonaws.com"]}'),
        ("/moto-api/recorder/upload-recording", b"{}"),
        ("/moto-api/recorder/replay-recording", b"{}"),
    ],
)
def test_moto_cannot_be_configured_to_reach_aws(embedded_aws: EmbeddedAws, path: str, body: bytes) -> None:
    """Denies every request that would make moto send requests to other hosts."""
    request = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    assert raw(embedded_aws, request.encode() + body).startswith(b"HTTP/1.1 403")


def test_harmless_settings_of_moto_pass(embedded_aws: EmbeddedAws) -> None:
    """Forwards the Step Functions setting, which tools change."""
    connection = http.client.HTTPConnection(embedded_aws.endpoint_url.removeprefix("http://"), timeout=5)
    body = json.dumps({"stepfunctions": {"execute_state_machine": True}})
    connection.request("POST", "/moto-api/config", body)
    assert connection.getresponse().status == 201
    connection.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8")
def test_moto_itself_cannot_leave_this_machine(embedded_aws: EmbeddedAws) -> None:
    """Stops a message to a subscriber on another host, for which 127.0.0.2 stands, at the gateway."""
    sns = embedded_aws.client("sns")
    topic = sns.create_topic(Name="outside")["TopicArn"]
    with socket.socket() as subscriber:
        subscriber.bind(("127.0.0.2", 0))
        subscriber.listen()
        subscriber.settimeout(0.5)
        sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=f"http://127.0.0.2:{subscriber.getsockname()[1]}/")
        with ThreadPoolExecutor() as threads:
            threads.submit(sns.publish, TopicArn=topic, Message="x")
            with pytest.raises(TimeoutError):
                subscriber.accept()[0].close()


@pytest.mark.parametrize("name", ["AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "HTTP_PROXY"])
def test_no_setting_of_the_user_reaches_a_client(
    embedded_aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch, bucket: str, name: str
) -> None:
    """Ignores variables that would break or redirect a plain boto3 client."""
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    tokens: list[Any] = []
    s3 = embedded_aws.client("s3")
    s3.meta.events.register("before-send", lambda request, **_: tokens.append(request.headers))
    s3.head_bucket(Bucket=bucket)
    assert all("X-Amz-Security-Token" not in headers for headers in tokens)
    assert tokens


def test_the_environment_wins_over_the_users(
    embedded_aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch, bucket: str, tmp_path: Path
) -> None:
    """Leads a plain boto3 client to the embedded AWS despite the user's profile, token, endpoint and switches."""
    config = tmp_path / "config"
    config.write_text("[profile work]\nregion = us-east-1\nendpoint_url = http://127.0.0.1:9\n", encoding="utf-8")
    users = {
        "AWS_PROFILE": "work",
        "AWS_CONFIG_FILE": str(config),
        "AWS_SESSION_TOKEN": "users",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "HTTP_PROXY": "http://127.0.0.1:9",
    }
    for name, value in users.items():
        monkeypatch.setenv(name, value)
    for name, value in embedded_aws.environment().items():
        monkeypatch.setenv(name, value)
    session = boto3.Session()
    assert session.get_credentials().access_key == "local-aws"
    s3 = session.client("s3")
    assert s3.meta.endpoint_url == embedded_aws.endpoint_url
    s3.head_bucket(Bucket=bucket)
