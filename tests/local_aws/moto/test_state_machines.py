"""Tests of executions that must fail, and that moto alone would let succeed."""

import json
import time
from typing import Any

import pytest

from local_aws import EmbeddedAws

pytestmark = pytest.mark.functional
_ROLE = "arn:aws:iam::123456789012:role/nobody"
_CATCH = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]


def run(aws: EmbeddedAws, name: str, state: dict[str, Any], items: list[str]) -> dict[str, Any]:
    """Run a state machine of one state and of a state for what it catches; return its end."""
    client = aws.client("stepfunctions")
    states = {"Only": {**state, "End": True}, "Caught": {"Type": "Pass", "End": True}}
    definition = json.dumps({"StartAt": "Only", "States": states})
    arn = client.create_state_machine(name=name, definition=definition, roleArn=_ROLE)["stateMachineArn"]
    execution = client.start_execution(stateMachineArn=arn, input=json.dumps({"items": items}))["executionArn"]
    deadline = time.monotonic() + 30
    while (end := client.describe_execution(executionArn=execution))["status"] == "RUNNING":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return dict(end)


@pytest.mark.parametrize(
    ("service", "parameters"),
    [
        ("lambda:invoke", {"FunctionName": "f", "Payload": {}, "Colour": "red"}),
        ("sns:publish", {"TopicArn": "t", "Message": "m", "Colour": "red"}),
    ],
)
def test_a_field_that_a_service_does_not_know_fails(
    embedded_aws: EmbeddedAws, service: str, parameters: dict[str, Any]
) -> None:
    """Ends the execution with States.Runtime, which no Catch sees."""
    task = {"Type": "Task", "Resource": f"arn:aws:states:::{service}", "Parameters": parameters, "Catch": _CATCH}
    end = run(embedded_aws, f"field-{service[:3]}", task, [])
    assert (end["status"], end["error"]) == ("FAILED", "States.Runtime")
    assert "The field 'Colour' is not supported by Step Functions" in end["cause"]


@pytest.mark.parametrize(
    ("name", "tolerated", "items", "error"),
    [
        ("none", {}, ["good", "bad"], "States.ExceedToleratedFailureThreshold"),
        ("sound", {}, ["good", "good"], None),
        ("count", {"ToleratedFailureCount": 1}, ["good", "bad"], None),
        ("too-many", {"ToleratedFailureCount": 1}, ["bad", "bad", "good"], "States.ExceedToleratedFailureThreshold"),
    ],
)
def test_a_failed_child_fails_a_distributed_map(
    embedded_aws: EmbeddedAws, name: str, tolerated: dict[str, Any], items: list[str], error: str | None
) -> None:
    """Fails the execution when more children failed than the Map tolerates."""
    choice = {
        "Type": "Choice",
        "Choices": [{"Variable": "$", "StringEquals": "bad", "Next": "Bad"}],
        "Default": "Good",
    }
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Which",
        "States": {
            "Which": choice,
            "Bad": {"Type": "Fail", "Error": "Planted", "Cause": "x"},
            "Good": {"Type": "Pass", "End": True},
        },
    }
    state = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor, "MaxConcurrency": 2, **tolerated}
    end = run(embedded_aws, f"map-{name}", state, items)
    assert (end["status"], end.get("error")) == ("FAILED" if error else "SUCCEEDED", error)
