"""Each action that a role allows is needed: the step that makes the call is refused without it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from etl.runs.provenance import ROOT
from local_aws.cloudformation.yaml_files import read_yaml

pytestmark = [pytest.mark.functional, pytest.mark.notebook, pytest.mark.slow, pytest.mark.exhaustive]

STEPS = {
    "LoadFileRole": "LoadFile",
    "DataJoinRole": "DataJoin",
    "CheckOutputRole": "CheckOutput",
    "PublishRole": "Publish",
    "NotifyRole": "notify",
    "BatchStateMachineRole": "",
}
# Lambda and Step Functions make these calls themselves, and the embedded AWS does not; the schedule's role is not made.
NOT_SHOWN = ("logs:", "xray:", "sqs:")
# A GetObject on a missing object, or an upload that fails: tests/pipeline/test_interrupted.py and
# tests/local_aws/iam/test_access_control.py show these.
FOR_FAILURES = {
    ("DataJoinRole", "s3:ListBucket"),
    ("DataJoinRole", "s3:AbortMultipartUpload"),
    ("PublishRole", "s3:ListBucket"),
    ("PublishRole", "s3:AbortMultipartUpload"),
}


@dataclass(frozen=True)
class Permission:
    """One action of one statement of a role, on one of its resources."""

    role: str
    action: str
    statement: int
    resource: int

    def __str__(self) -> str:
        """Return the name of the test's case."""
        return f"{self.role}-{self.action}-{self.statement}-{self.resource}"


def statements(role: str) -> list[dict[str, Any]]:
    """Return a role's statements as infrastructure/roles.yml has them."""
    properties = read_yaml(ROOT / "infrastructure" / "roles.yml")["Resources"][role]["Properties"]
    return list(properties["Policies"][0]["PolicyDocument"]["Statement"])


def as_list(value: Any) -> list[Any]:
    """Return a value, or a list of values, as a list."""
    return value if isinstance(value, list) else [value]


def permissions() -> Iterator[Permission]:
    """Yield each action on each resource that a run needs."""
    for role in STEPS:
        for number, statement in enumerate(statements(role)):
            for action, place in itertools.product(
                as_list(statement["Action"]), range(len(as_list(statement["Resource"])))
            ):
                if not action.startswith(NOT_SHOWN) and (role, action) not in FOR_FAILURES:
                    yield Permission(role, action, number, place)


@pytest.fixture(scope="module")
def shared(make_stage_with):
    """Return a stage in which every role may do everything that it needs; the day is published once."""
    stage = make_stage_with()
    assert stage.run().outcome.succeeded
    return stage


@pytest.fixture
def without(shared, embedded_aws):
    """Return a function that takes one permission from the deployed role until the test ends."""
    iam = embedded_aws.client("iam")
    restored = []

    def take(permission):
        name = role_name(embedded_aws, shared, permission.role)
        (policy,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
        document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        restored.append({"RoleName": name, "PolicyName": policy, "PolicyDocument": json.dumps(document)})
        statement = document["Statement"].pop(permission.statement)
        others = [action for action in as_list(statement["Action"]) if action != permission.action]
        resources = as_list(statement["Resource"])
        kept = [
            {**statement, "Action": others},
            {**statement, "Action": permission.action, "Resource": without_item(resources, permission.resource)},
        ]
        document["Statement"] += [item for item in kept if item["Action"] and item["Resource"]]
        iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document))

    yield take
    for policy in restored:
        iam.put_role_policy(**policy)


def without_item(items, position):
    """Return a list without the item at a position."""
    return [item for place, item in enumerate(items) if place != position]


def role_name(aws, stage, logical_id):
    """Return the deployed name of a role."""
    stack = f"device-operation-history-{stage.pipeline.state_machine_arn.rsplit('-', 1)[1]}"
    answer = aws.client("cloudformation").describe_stack_resource(StackName=stack, LogicalResourceId=logical_id)
    return answer["StackResourceDetail"]["PhysicalResourceId"]


@pytest.mark.parametrize("permission", list(permissions()), ids=str)
def test_a_step_without_a_permission_fails(permission, shared, without):
    """Fails in the step whose role lost the permission; LoadFile, which writes nothing but its notebook, loses that."""
    without(permission)
    if permission.role == "NotifyRole":
        assert_not_told(permission, shared)
        return
    needs_missing_object = (permission.role, permission.action) == ("LoadFileRole", "s3:ListBucket")
    run = shared.run(**({"s3_object_key": "missing.json"} if needs_missing_object else {}))
    if (permission.role, permission.action) == ("LoadFileRole", "s3:PutObject"):
        assert not [key for key in shared.list_keys(f"runs/20210323/{run.name}/") if "01_load" in key]
        return
    assert not run.outcome.succeeded
    if permission.role == "BatchStateMachineRole":
        assert run.outcome.error == "Lambda.AWSLambdaException"
        assert "is not authorized to perform: lambda:InvokeFunction on resource" in run.outcome.cause
    else:
        assert run.states[-1] == STEPS[permission.role]
        assert run.outcome.error == "AccessDeniedError"


def assert_not_told(permission, stage):
    """Hold Notify to no message without sns:Publish, and without s3:ListBucket to one that lists no files."""
    function = stage.function("notify")
    event = {
        "region": "ap-northeast-1",
        "detail": {
            "executionArn": "arn:aws:states:ap-northeast-1:123456789012:execution:m:lost",
            "name": "lost",
            "status": "TIMED_OUT",
            "startDate": 1616457600000,
            "input": '{"run_date": "2021-03-23"}',
        },
    }
    answer = stage.pipeline.aws.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
    result = json.loads(answer["Payload"].read())
    if permission.action == "sns:Publish":
        assert result["errorType"] == "AccessDeniedError"
        assert "SNS" in result["errorMessage"] or "sns:Publish" in result["errorMessage"]
    else:
        assert result["message_id"]
