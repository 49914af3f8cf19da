"""Tests of firing a deployed schedule."""

import datetime as dt
import json
import time
from typing import Any

import pytest
from deployment import ROLE, Deployment
from fire_schedule import ScheduleError, main, read_schedule

from local_aws import EmbeddedAws
from local_aws.cloudformation.deployed_stacks import DeployedStack
from local_aws.cloudformation.intrinsics import Intrinsics, Resource
from local_aws.errors import DeployError

_MACHINE = "arn:aws:states:ap-northeast-1:123456789012:stateMachine:m"
_NOON = dt.datetime(2021, 3, 22, 12, tzinfo=dt.UTC)
_ECHO = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})


def stack(**schedules: dict[str, Any]) -> DeployedStack:
    """Return a stack with a state machine and these schedules, each a target and what else it says."""
    resources = {
        name: {"Type": "AWS::Scheduler::Schedule", "Properties": {"Target": {"Arn": _MACHINE}, **properties}}
        for name, properties in schedules.items()
    }
    machine = {"Machine": Resource("AWS::StepFunctions::StateMachine", _MACHINE)}
    return DeployedStack("s", {"Resources": resources}, Intrinsics("ap-northeast-1", "s", machine))


def test_properties_that_are_not_needed_may_refer_to_anything() -> None:
    """Ignores the role and the dead-letter queue of the target."""
    target = {
        "Arn": _MACHINE,
        "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
        "DeadLetterConfig": {"Arn": {"Ref": "Queue"}},
    }
    assert read_schedule(stack(N={"Target": target})).target_arn == _MACHINE


@pytest.mark.parametrize(
    "arn",
    [
        {"Ref": "Machine"},
        {"Fn::GetAtt": ["Machine", "Arn"]},
        {"Fn::Sub": "arn:aws:states:${AWS::Region}:${AWS::AccountId}:stateMachine:m"},
        _MACHINE,
    ],
)
def test_the_target_is_resolved(arn: Any) -> None:
    """Resolves the target in whatever way the template names it."""
    assert read_schedule(stack(N={"Target": {"Arn": arn}})).target_arn == _MACHINE


def test_context_attributes_are_replaced_and_nothing_else() -> None:
    """Replaces EventBridge Scheduler's four attributes and leaves unknown ones."""
    names = ("scheduled-time", "schedule-arn", "execution-id", "attempt-number", "unknown")
    text = " ".join(f"<aws.scheduler.{name}>" for name in names)
    schedule = read_schedule(stack(N={"Name": "nightly", "GroupName": "g", "Target": {"Arn": _MACHINE, "Input": text}}))
    assert schedule.input_at(_NOON, "id-1", attempt=2) == (
        "2021-03-22T12:00:00Z arn:aws:scheduler:ap-northeast-1:123456789012:schedule/g/nightly id-1 2 "
        "<aws.scheduler.unknown>"
    )


def test_defaults_are_schedulers() -> None:
    """Uses Scheduler's defaults: enabled, the default group, an empty input."""
    schedule = read_schedule(stack(N={}))
    assert (schedule.is_enabled, schedule.input) == (True, "{}")
    assert schedule.arn.endswith(":schedule/default/s-N")


@pytest.mark.parametrize(
    ("schedules", "chosen", "problem"),
    [
        ({}, None, "found no choice; expected one of its schedules: none"),
        ({"A": {}, "B": {}}, None, "found no choice; expected one of its schedules: A, B"),
        ({"A": {}}, "B", "found B; expected one of its schedules: A"),
        ({"A": {"Target": {"Arn": "arn:aws:sqs:x:123456789012:q"}}}, None, "expected a state machine's ARN"),
    ],
)
def test_what_cannot_be_fired_is_an_error(schedules: dict[str, Any], chosen: str | None, problem: str) -> None:
    """Raises an error with the stack and the schedules to choose from."""
    with pytest.raises(ScheduleError) as caught:
        read_schedule(stack(**schedules), chosen)
    assert str(caught.value).startswith("stack s: ")
    assert problem in str(caught.value)


def test_a_target_that_leads_nowhere_is_an_error() -> None:
    """Raises an error with the place of the reference."""
    with pytest.raises(DeployError, match=r"stack s: N\.Target\.Arn: reference leads nowhere"):
        read_schedule(stack(N={"Target": {"Arn": {"Ref": "Nobody"}}}))


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--endpoint-url", "https://states.amazonaws.com", "--stack", "s"], "expected a loopback address"),
        (["--endpoint-url", "http://10.0.0.1", "--stack", "s"], "expected a loopback address"),
        (["--endpoint-url", "http://127.0.0.1:1", "--stack", "s", "--at", "2021-03-22T15:30:00"], "with its zone"),
        (["--endpoint-url", "http://127.0.0.1:1", "--stack", "s", "--at", "noon"], "with its zone"),
        (["--endpoint-url", "http://127.0.0.1:1"], "--stack"),
    ],
)
def test_wrong_usage_is_status_2(capsys: pytest.CaptureFixture[str], arguments: list[str], problem: str) -> None:
    """Rejects wrong options, above all an address of another machine."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert problem in capsys.readouterr().err


def test_an_address_of_another_machine_in_a_variable_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rejects an address of another machine that comes from an environment variable."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://states.amazonaws.com")
    with pytest.raises(SystemExit):
        main(["--stack", "s"])


@pytest.fixture
def deployed(embedded_aws: EmbeddedAws) -> Deployment:
    """Deploy a state machine and two schedules for it, one of them disabled."""
    made = Deployment(embedded_aws)
    settings = {"StateMachineName": made.name, "RoleArn": ROLE, "DefinitionString": _ECHO}
    made.resource("Machine", "AWS::StepFunctions::StateMachine", **settings)
    for name, state in (("Nightly", "ENABLED"), ("Paused", "DISABLED")):
        target = {"Arn": {"Ref": "Machine"}, "RoleArn": ROLE, "Input": '{"at": "<aws.scheduler.scheduled-time>"}'}
        made.resource(
            name,
            "AWS::Scheduler::Schedule",
            ScheduleExpression="rate(1 day)",
            FlexibleTimeWindow={"Mode": "OFF"},
            State=state,
            Target=target,
        )
    made.deploy()
    return made


@pytest.mark.functional
def test_a_deployed_schedule_is_fired_once(
    embedded_aws: EmbeddedAws, deployed: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    """Starts the schedule's state machine once, with its input, and prints the execution's ARN."""
    at = ["--endpoint-url", embedded_aws.endpoint_url, "--stack", deployed.name, "--at", "2021-03-23T00:30:00+09:00"]
    assert main([*at, "--schedule", "Nightly"]) == 0
    arn = capsys.readouterr().out.strip()
    client = embedded_aws.client("stepfunctions")
    while (found := client.describe_execution(executionArn=arn))["status"] == "RUNNING":
        time.sleep(0.02)
    assert json.loads(found["output"]) == {"at": "2021-03-22T15:30:00Z"}
    machine = found["stateMachineArn"]
    assert [e["executionArn"] for e in client.list_executions(stateMachineArn=machine)["executions"]] == [arn]


@pytest.mark.functional
def test_a_disabled_schedule_is_fired_only_on_demand(
    embedded_aws: EmbeddedAws, deployed: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fires a disabled schedule only with its option, and prints a warning."""
    paused = ["--endpoint-url", embedded_aws.endpoint_url, "--stack", deployed.name, "--schedule", "Paused"]
    assert main(paused) == 1
    assert "Paused is DISABLED: AWS would not fire it" in capsys.readouterr().err
    assert main([*paused, "--even-if-disabled"]) == 0
    shown = capsys.readouterr()
    assert "fired all the same" in shown.err
    assert ":execution:" in shown.out


@pytest.mark.functional
@pytest.mark.parametrize("endpoint_url", [None, "http://127.0.0.1:9"])
def test_a_missing_stack_is_status_1_and_one_line(
    embedded_aws: EmbeddedAws, capsys: pytest.CaptureFixture[str], endpoint_url: str | None
) -> None:
    """Prints one line for a missing stack and for an embedded AWS that does not run."""
    assert main(["--endpoint-url", endpoint_url or embedded_aws.endpoint_url, "--stack", "nobody"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert len(shown.err.splitlines()) == 1
