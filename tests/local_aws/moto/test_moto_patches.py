"""Tests of state machines that a stack made."""

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError
from deployment import ROLE, Deployment

from local_aws import EmbeddedAws

pytestmark = pytest.mark.functional


def definition(result: str, wait_seconds: int = 0) -> str:
    """Return a state machine that waits and then returns `result`."""
    states: dict[str, Any] = {
        "Wait": {"Type": "Wait", "Seconds": wait_seconds, "Next": "Say"},
        "Say": {"Type": "Pass", "Result": {"said": result}, "End": True},
    }
    return json.dumps({"StartAt": "Wait", "States": states})


def output_of(client: Any, execution_arn: str) -> Any:
    """Wait for an execution and return its output."""
    deadline = time.monotonic() + 15
    while (found := client.describe_execution(executionArn=execution_arn))["status"] == "RUNNING":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return json.loads(found["output"])["said"]


def test_a_stacks_state_machine_runs_and_changes_with_it(embedded_aws: EmbeddedAws) -> None:
    """Lists, describes, runs and updates a stack's state machine; a running execution keeps its definition."""
    stack = Deployment(embedded_aws)
    client = embedded_aws.client("stepfunctions")
    arn = f"arn:aws:states:{embedded_aws.region}:123456789012:stateMachine:{stack.name}"

    def deploy(text: str) -> None:
        settings = {"StateMachineName": stack.name, "RoleArn": ROLE, "DefinitionString": text}
        stack.resource("Machine", "AWS::StepFunctions::StateMachine", **settings)
        stack.deploy()

    deploy(definition("one", wait_seconds=1))
    assert arn in {machine["stateMachineArn"] for machine in client.list_state_machines()["stateMachines"]}
    running = client.start_execution(stateMachineArn=arn)["executionArn"]
    deploy(definition("two"))
    assert '"two"' in client.describe_state_machine(stateMachineArn=arn)["definition"]
    assert output_of(client, client.start_execution(stateMachineArn=arn)["executionArn"]) == "two"
    assert output_of(client, running) == "one"


def test_a_stack_with_a_broken_definition_fails(embedded_aws: EmbeddedAws) -> None:
    """Fails the deploy of a broken definition, not its first execution."""
    stack = Deployment(embedded_aws)
    settings = {"StateMachineName": stack.name, "RoleArn": ROLE, "DefinitionString": '{"StartAt": "A"}'}
    stack.resource("Machine", "AWS::StepFunctions::StateMachine", **settings)
    with pytest.raises(ClientError, match=r"ValidationError.*State machine: .*States"):
        stack.deploy()


def test_a_deleted_stack_takes_its_state_machine_along(embedded_aws: EmbeddedAws) -> None:
    """Deletes the state machine with its stack."""
    stack = Deployment(embedded_aws)
    settings = {"StateMachineName": stack.name, "RoleArn": ROLE, "DefinitionString": definition("x")}
    stack.resource("Machine", "AWS::StepFunctions::StateMachine", **settings)
    stack.deploy()
    embedded_aws.client("cloudformation").delete_stack(StackName=stack.name)
    listed = embedded_aws.client("stepfunctions").list_state_machines()["stateMachines"]
    assert stack.name not in {machine["name"] for machine in listed}


def test_a_parameter_that_the_template_does_not_declare_is_refused(embedded_aws: EmbeddedAws) -> None:
    """CreateStack and UpdateStack answer in CloudFormation's words; a declared parameter passes."""
    client = embedded_aws.client("cloudformation")
    queue = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}
    declared = {**queue, "Parameters": {"Address": {"Type": "String", "Default": ""}}}
    request = {
        "StackName": "parameters",
        "Parameters": [{"ParameterKey": "Address", "ParameterValue": "ops@example.com"}],
    }
    refused = r"ValidationError.*Parameters: \[Address\] do not exist in the template"
    with pytest.raises(ClientError, match=refused):
        client.create_stack(TemplateBody=json.dumps(queue), **request)
    client.create_stack(TemplateBody=json.dumps(declared), **request)
    with pytest.raises(ClientError, match=refused):
        client.update_stack(TemplateBody=json.dumps(queue), **request)


def test_a_deleted_stack_leaves_what_it_must_retain(embedded_aws: EmbeddedAws) -> None:
    """Deletes a queue, and leaves that whose policy is RetainExceptOnCreate."""
    client, sqs = embedded_aws.client("cloudformation"), embedded_aws.client("sqs")
    queue = {"Type": "AWS::SQS::Queue", "UpdateReplacePolicy": "Retain"}
    resources = {
        "Kept": {**queue, "DeletionPolicy": "RetainExceptOnCreate", "Properties": {"QueueName": "retained-kept"}},
        "Gone": {**queue, "DeletionPolicy": "Delete", "Properties": {"QueueName": "retained-gone"}},
    }
    client.create_stack(StackName="retained", TemplateBody=json.dumps({"Resources": resources}))
    client.delete_stack(StackName="retained")
    urls = sqs.list_queues(QueueNamePrefix="retained")["QueueUrls"]
    assert [url.rsplit("/", 1)[1] for url in urls] == ["retained-kept"]


def test_a_stack_makes_and_updates_policies(embedded_aws: EmbeddedAws) -> None:
    """Makes a role's policies and a bucket's policy, replaces both with the stack, and deletes them with it."""
    client, iam, s3 = (embedded_aws.client(service) for service in ("cloudformation", "iam", "s3"))

    def template(action: str) -> str:
        statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
        role = {
            "RoleName": "stacks-role",
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []},
            "Policies": [{"PolicyName": action[:2], "PolicyDocument": {"Statement": [statement]}}],
        }
        policy = {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": {"Statement": [{**statement, "Principal": "*"}]}}
        resources = {
            "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "stacks-bucket"}},
            "Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": policy},
            "Role": {"Type": "AWS::IAM::Role", "Properties": role},
        }
        return json.dumps({"Resources": resources})

    for action, deploy in (("s3:GetObject", client.create_stack), ("sns:Publish", client.update_stack)):
        deploy(StackName="policies", TemplateBody=template(action))
        (name,) = iam.list_role_policies(RoleName="stacks-role")["PolicyNames"]
        document = iam.get_role_policy(RoleName="stacks-role", PolicyName=name)["PolicyDocument"]
        bucket = json.loads(s3.get_bucket_policy(Bucket="stacks-bucket")["Policy"])
        assert [policy["Statement"][0]["Action"] for policy in (document, bucket)] == [action, action]
    client.delete_stack(StackName="policies")
    assert "stacks-role" not in {role["RoleName"] for role in iam.list_roles()["Roles"]}
