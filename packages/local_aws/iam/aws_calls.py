"""Which actions on which resources a request needs, for the calls that services commonly make.

Sources: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
and, for S3, https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

from local_aws.environment import ACCOUNT_ID

UNKNOWN = "an action that the embedded AWS does not know"
_PREFIXES = {"DynamoDB_20120810": "dynamodb", "AWSStepFunctions": "states", "AmazonSQS": "sqs"}
# The field of the request that names the resource, for the actions that are known; no other call is.
_RESOURCE_FIELDS = {
    **dict.fromkeys(
        [f"dynamodb:{name}" for name in ("DeleteItem", "DescribeTable", "GetItem", "PutItem", "Query", "Scan")],
        "TableName",
    ),
    "dynamodb:UpdateItem": "TableName",
    "states:DescribeExecution": "executionArn",
    "states:StartExecution": "stateMachineArn",
    "states:StopExecution": "executionArn",
    **dict.fromkeys(
        [f"sqs:{name}" for name in ("DeleteMessage", "GetQueueAttributes", "ReceiveMessage", "SendMessage")], "QueueUrl"
    ),
}
_INVOKE_PATH = "/2015-03-31/functions/"
# What S3 says of an operation by the request's method and the names in its query: is a new object created by it?
_S3_WRITES = {
    ("PUT", frozenset()): True,
    ("PUT", frozenset({"partNumber", "uploadId"})): False,
    ("POST", frozenset({"uploads"})): False,
    ("POST", frozenset({"uploadId"})): True,
}
_S3_OTHERS = {
    ("GET", frozenset()): "s3:GetObject",
    ("GET", frozenset({"versionId"})): "s3:GetObjectVersion",
    ("DELETE", frozenset()): "s3:DeleteObject",
    ("DELETE", frozenset({"versionId"})): "s3:DeleteObjectVersion",
    ("DELETE", frozenset({"uploadId"})): "s3:AbortMultipartUpload",
    ("GET", frozenset({"uploadId"})): "s3:ListMultipartUploadParts",
}


@dataclass(frozen=True)
class Request:
    """An HTTP request; header names in lower case; `body` is empty where `needs_body` is false."""

    method: str
    target: str
    headers: Mapping[str, str]
    service: str
    region: str
    body: bytes = b""


@dataclass(frozen=True)
class Call:
    """An action on a resource, with the values of the condition keys that are known of it."""

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_known(self) -> bool:
        """Whether the request was understood."""
        return not self.action.endswith(UNKNOWN)


def needs_body(service: str) -> bool:
    """Tell whether the resource of a service's calls is named in the request's body."""
    return service in {"dynamodb", "states", "sqs", "sns"}


def calls_of(request: Request) -> list[Call]:
    """Return what a request needs; a call that is not known has `UNKNOWN` as its action.

    Examples
    --------
    >>> calls_of(Request("GET", "/raw/day.json", {}, "s3", "eu-west-1"))[0].resource
    'arn:aws:s3:::raw/day.json'
    """
    match request.service:
        case "s3":
            return _s3_calls(request)
        case "sns":
            fields: dict[str, Any] = dict(parse_qsl(request.body.decode(errors="replace")))
            if fields.get("Action") == "Publish" and "TopicArn" in fields:
                return [Call("sns:Publish", fields["TopicArn"])]
        case "lambda":
            path = unquote(urlsplit(request.target).path)
            if request.method == "POST" and path.startswith(_INVOKE_PATH):
                return [Call("lambda:InvokeFunction", _function_arn(path, request.region))]
        case _:
            if call := _json_call(request):
                return [call]
    return [Call(f"{request.service}:{UNKNOWN}", "*")]


def _json_call(request: Request) -> Call | None:
    """Return the call of a service that names its operation in ``X-Amz-Target``."""
    prefix, _, operation = request.headers.get("x-amz-target", "").partition(".")
    action = f"{_PREFIXES.get(prefix, '')}:{operation}"
    try:
        resource = json.loads(request.body)[_RESOURCE_FIELDS[action]]
    except (KeyError, TypeError, ValueError):
        return None
    name = str(resource).rsplit("/", 1)[-1]
    if str(resource).startswith("arn:"):
        return Call(action, str(resource))
    kind = {"dynamodb": "table/", "sqs": ""}[_PREFIXES[prefix]]
    return Call(action, f"arn:aws:{_PREFIXES[prefix]}:{request.region}:{ACCOUNT_ID}:{kind}{name}")


def _function_arn(path: str, region: str) -> str:
    """Return the ARN of the function in the path of an invocation, which is a name, a partial ARN or an ARN."""
    name = path.removeprefix(_INVOKE_PATH).partition("/")[0].rpartition("function:")[2]
    return f"arn:aws:lambda:{region}:{ACCOUNT_ID}:function:{name}"


def _s3_calls(request: Request) -> list[Call]:
    url = urlsplit(request.target)
    path, host = unquote(url.path).lstrip("/"), request.headers.get("host", "").partition(":")[0]
    if host.endswith(".localhost"):  # virtual-hosted style
        path = f"{host.removesuffix('.localhost')}/{path}"
    bucket, _, key = path.partition("/")
    query = parse_qs(url.query, keep_blank_values=True)
    names = frozenset(name for name in query if name != "x-id" and not name.startswith(("X-Amz-", "response-")))
    method = "GET" if request.method == "HEAD" else request.method
    if not key and (request.method, names) == ("HEAD", frozenset()):
        return [Call("s3:ListBucket", f"arn:aws:s3:::{bucket}")]
    if not key and method == "GET" and "list-type" in names:
        return [Call("s3:ListBucket", f"arn:aws:s3:::{bucket}", {"s3:prefix": query.get("prefix", [""])[0]})]
    resource = f"arn:aws:s3:::{bucket}/{key}"
    if key and (action := _S3_OTHERS.get((method, names))):
        return [Call(action, resource)]
    if key and (method, names) in _S3_WRITES:
        return _s3_writes(request, resource, is_creation=_S3_WRITES[method, names])
    return [Call(f"s3:{UNKNOWN}", resource if key else f"arn:aws:s3:::{bucket}")]


def _s3_writes(request: Request, resource: str, *, is_creation: bool) -> list[Call]:
    """Return the calls of a write.

    Of the condition keys, see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html;
    a write on the condition If-Match reads the object's ETag, and a copy reads its source.
    """
    context = {"s3:ObjectCreationOperation": str(is_creation).lower()}
    for name in ("if-match", "if-none-match"):
        if value := request.headers.get(name):
            context[f"s3:{name}"] = value
    calls = [Call("s3:PutObject", resource, context)]
    if source := request.headers.get("x-amz-copy-source"):
        calls.append(Call("s3:GetObject", f"arn:aws:s3:::{unquote(urlsplit(source).path).lstrip('/')}"))
    if "s3:if-match" in context:
        calls.append(Call("s3:GetObject", resource))
    return calls
