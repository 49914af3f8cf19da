"""Tests of the Invoke API: names, invocation types, limits, errors."""

import io
import json
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws import DeployedService, EmbeddedAws
from local_aws.gateway.lambda_api import MAX_EVENT_BYTES, MAX_PAYLOAD_BYTES, is_invocation

Invoke = Callable[..., dict[str, Any]]


@pytest.mark.parametrize(
    "path",
    [
        "/2015-03-31/functions/f/invocations?Qualifier=1",
        "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction%3Af/invocations",
        "/2014-11-13/functions/f/invoke-async/",
        "/2021-11-15/functions/f/response-streaming-invocations",
    ],
)
def test_every_way_to_run_a_function_is_recognised(path: str) -> None:
    """Recognises every API that runs a function; moto would answer it without running the function."""
    assert is_invocation("POST", path)
    assert not is_invocation("GET", path)


@pytest.mark.functional
@pytest.mark.parametrize(
    "name",
    [
        "parts-local-echo",
        "parts-local-echo:$LATEST",
        "123456789012:function:parts-local-echo",
        "arn:aws:lambda:ap-northeast-1:123456789012:function:parts-local-echo",
        "arn:aws:lambda:ap-northeast-1:123456789012:function:parts-local-echo:$LATEST",
    ],
)
def test_a_function_goes_by_name_and_arn(embedded_aws: EmbeddedAws, service: DeployedService, name: str) -> None:
    """Finds a function by each form of name and ARN that Lambda accepts."""
    assert service.functions["echo"] == "parts-local-echo"
    client = embedded_aws.client("lambda")
    seen = json.loads(client.invoke(FunctionName="parts-local-echo")["Payload"].read())
    answer = client.invoke(FunctionName=name)
    again = json.loads(answer["Payload"].read())
    assert again["pid"] == seen["pid"]
    assert again["arn"].removesuffix(":$LATEST").endswith(":function:parts-local-echo")
    assert again["arn"].endswith(":$LATEST") == name.endswith(":$LATEST")
    assert answer["ExecutedVersion"] == "$LATEST"


@pytest.mark.functional
def test_an_unknown_function_is_not_found(embedded_aws: EmbeddedAws) -> None:
    """Answers an unknown function with Lambda's own error."""
    client = embedded_aws.client("lambda")
    with pytest.raises(client.exceptions.ResourceNotFoundException, match="Function not found: nobody"):
        client.invoke(FunctionName="nobody")


@pytest.mark.functional
def test_a_function_without_known_code_is_an_error(embedded_aws: EmbeddedAws, service: DeployedService) -> None:
    """Answers a function without code with its name and the missing tag."""
    assert service.functions
    client = embedded_aws.client("lambda")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.py", "")
    role = "arn:aws:iam::123456789012:role/local-aws"
    client.create_function(
        FunctionName="zipped", Role=role, Runtime="python3.13", Handler="a.b", Code={"ZipFile": packed.getvalue()}
    )
    with pytest.raises(ClientError, match=r"zipped: no known code; found no tag 'local-aws:code-dir'") as caught:
        client.invoke(FunctionName="zipped")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 502


@pytest.mark.functional
def test_a_payload_that_is_too_large_is_rejected(embedded_aws: EmbeddedAws, service: DeployedService) -> None:
    """Rejects a payload above the limit, which is lower for an event, before anything runs."""
    client = embedded_aws.client("lambda")
    name = service.functions["echo"]
    for kind, limit in (("RequestResponse", MAX_PAYLOAD_BYTES), ("Event", MAX_EVENT_BYTES)):
        with pytest.raises(client.exceptions.RequestTooLargeException) as caught:
            client.invoke(FunctionName=name, InvocationType=kind, Payload=b'"%b"' % (b"x" * limit))
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413


@pytest.mark.functional
def test_a_payload_must_be_json(embedded_aws: EmbeddedAws, service: DeployedService) -> None:
    """Rejects a payload that is not JSON."""
    client = embedded_aws.client("lambda")
    with pytest.raises(client.exceptions.InvalidRequestContentException):
        client.invoke(FunctionName=service.functions["echo"], Payload=b"{not json")


@pytest.mark.functional
def test_a_dry_run_runs_nothing(invoke: Invoke) -> None:
    """Answers a dry run without running the function."""
    before = invoke("echo")["Payload"]["n_calls"]
    assert invoke("echo", InvocationType="DryRun")["StatusCode"] == 204
    assert invoke("echo")["Payload"]["n_calls"] == before + 1


@pytest.mark.functional
def test_an_event_runs_in_the_background(
    invoke: Invoke, service: DeployedService, log_of: Callable[[str], list[str]]
) -> None:
    """Answers an event at once and runs the function afterwards."""
    started = time.monotonic()
    assert invoke("nap", {"seconds": 1}, InvocationType="Event")["StatusCode"] == 202
    assert time.monotonic() - started < 0.9
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        lines = log_of(service.functions["nap"]) if invoke("nap", {"seconds": 0}) else []
        if any("Duration: 10" in line for line in lines):
            return
        time.sleep(0.2)
    pytest.fail("the event's function never wrote its REPORT line of a second")


@pytest.mark.functional
@pytest.mark.usefixtures("service")
def test_other_apis_that_invoke_are_rejected(embedded_aws: EmbeddedAws) -> None:
    """Answers response streaming with status 501."""
    path = "/2021-11-15/functions/parts-local-echo/response-streaming-invocations"
    request = urllib.request.Request(embedded_aws.endpoint_url + path, data=b"{}", method="POST")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=10)
    assert caught.value.code == 501
    assert b"by Invoke only" in caught.value.read()
