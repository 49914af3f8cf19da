"""Tests of the actions and resources that requests need, as AWS's service authorization reference has them."""

import json
from typing import Any

import pytest

from local_aws.iam.aws_calls import UNKNOWN, Request, calls_of

_OBJECT = "arn:aws:s3:::b/k/1.csv"
_HERE = "ap-northeast-1:123456789012"


def calls(method: str, target: str, service: str, body: bytes = b"", **headers: str) -> list[tuple[str, str]]:
    """Return actions and resources of a request."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return [
        (call.action, call.resource)
        for call in calls_of(Request(method, target, named, service, "ap-northeast-1", body))
    ]


@pytest.mark.parametrize(
    ("method", "target", "headers", "expected"),
    [
        ("GET", "/b/k/1.csv", {}, [("s3:GetObject", _OBJECT)]),
        ("GET", "/b/k/1.csv?x-id=GetObject", {}, [("s3:GetObject", _OBJECT)]),
        ("HEAD", "/b/k/1.csv", {}, [("s3:GetObject", _OBJECT)]),
        ("GET", "/k/1.csv", {"host": "b.localhost:5000"}, [("s3:GetObject", _OBJECT)]),
        ("GET", "/b/k%2F1.csv?versionId=1", {}, [("s3:GetObjectVersion", _OBJECT)]),
        ("GET", "/b?list-type=2&prefix=k", {}, [("s3:ListBucket", "arn:aws:s3:::b")]),
        ("HEAD", "/b", {}, [("s3:ListBucket", "arn:aws:s3:::b")]),
        ("PUT", "/b/k/1.csv", {}, [("s3:PutObject", _OBJECT)]),
        ("PUT", "/b/k/1.csv", {"if_none_match": "*"}, [("s3:PutObject", _OBJECT)]),
        ("PUT", "/b/k/1.csv", {"if_match": '"1"'}, [("s3:PutObject", _OBJECT), ("s3:GetObject", _OBJECT)]),
        (
            "PUT",
            "/b/k/1.csv",
            {"x_amz_copy_source": "/b/s?versionId=1"},
            [("s3:PutObject", _OBJECT), ("s3:GetObject", "arn:aws:s3:::b/s")],
        ),
        ("PUT", "/b/k/1.csv?partNumber=1&uploadId=u", {}, [("s3:PutObject", _OBJECT)]),
        ("POST", "/b/k/1.csv?uploads", {}, [("s3:PutObject", _OBJECT)]),
        ("POST", "/b/k/1.csv?uploadId=u", {}, [("s3:PutObject", _OBJECT)]),
        ("DELETE", "/b/k/1.csv?uploadId=u", {}, [("s3:AbortMultipartUpload", _OBJECT)]),
        ("DELETE", "/b/k/1.csv", {}, [("s3:DeleteObject", _OBJECT)]),
        ("PUT", "/b/k/1.csv?acl", {}, [(f"s3:{UNKNOWN}", _OBJECT)]),
        ("PUT", "/b?policy", {}, [(f"s3:{UNKNOWN}", "arn:aws:s3:::b")]),
        ("GET", "/", {}, [(f"s3:{UNKNOWN}", "arn:aws:s3:::")]),
    ],
)
def test_s3(method: str, target: str, headers: dict[str, str], expected: list[tuple[str, str]]) -> None:
    """Reads S3's operations from method, path, query and headers."""
    assert calls(method, target, "s3", **headers) == expected


@pytest.mark.parametrize(
    ("target", "body", "expected"),
    [
        ("DynamoDB_20120810.Scan", {"TableName": "T"}, ("dynamodb:Scan", f"arn:aws:dynamodb:{_HERE}:table/T")),
        ("DynamoDB_20120810.Scan", {}, ("x:" + UNKNOWN, "*")),
        ("DynamoDB_20120810.BatchGetItem", {"RequestItems": {}}, ("x:" + UNKNOWN, "*")),
        ("AWSStepFunctions.StartExecution", {"stateMachineArn": "arn:m"}, ("states:StartExecution", "arn:m")),
        ("AmazonSQS.SendMessage", {"QueueUrl": "http://a/1/q"}, ("sqs:SendMessage", f"arn:aws:sqs:{_HERE}:q")),
        ("Logs_20140328.PutLogEvents", {}, ("x:" + UNKNOWN, "*")),
    ],
)
def test_json_protocols(target: str, body: dict[str, Any], expected: tuple[str, str]) -> None:
    """Reads the operation from a header and the resource from the body."""
    assert calls("POST", "/", "x", json.dumps(body).encode(), x_amz_target=target) == [expected]


def test_sns() -> None:
    """Reads the topic from the form; another action is not known."""
    topic = "arn:aws:sns:ap-northeast-1:123456789012:t"
    form = b"Action=Publish&TopicArn=arn%3Aaws%3Asns%3Aap-northeast-1%3A123456789012%3At&Message=x"
    assert calls("POST", "/", "sns", form) == [("sns:Publish", topic)]
    assert calls("POST", "/", "sns", b"Action=DeleteTopic&TopicArn=x") == [(f"sns:{UNKNOWN}", "*")]


@pytest.mark.parametrize("name", ["f", "arn%3Aaws%3Alambda%3Aap-northeast-1%3A123456789012%3Afunction%3Af"])
def test_lambda(name: str) -> None:
    """Reads the function from the path: a name or an ARN."""
    expected = [("lambda:InvokeFunction", f"arn:aws:lambda:{_HERE}:function:f")]
    assert calls("POST", f"/2015-03-31/functions/{name}/invocations", "lambda") == expected
    assert calls("GET", f"/2015-03-31/functions/{name}", "lambda") == [(f"lambda:{UNKNOWN}", "*")]


@pytest.mark.parametrize(
    ("method", "target", "is_creation"),
    [
        ("PUT", "/b/k", "true"),
        ("POST", "/b/k?uploadId=u", "true"),
        ("POST", "/b/k?uploads", "false"),
        ("PUT", "/b/k?partNumber=1&uploadId=u", "false"),
    ],
)
def test_condition_keys_of_writes(method: str, target: str, is_creation: str) -> None:
    """Knows whether an object is created, and on which condition."""
    (call,) = calls_of(Request(method, target, {"if-none-match": "*"}, "s3", "ap-northeast-1"))
    assert call.context == {"s3:ObjectCreationOperation": is_creation, "s3:if-none-match": "*"}
