"""Tests of deploying a serverless file, and of running what it declares."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local_aws import DeployedService, EmbeddedAws, deploy_service
from local_aws.errors import DeployError, ServiceFileError

pytestmark = pytest.mark.functional
Invoke = Callable[..., dict[str, Any]]
_FUNCTION = """
service: tiny
provider: {runtime: python3.13, environment: {STORE: "${cf:parts-local.StoreName}"}}
functions:
  version: {handler: code.version}
"""
_THINGS_AGAIN = (
    "{Type: AWS::DynamoDB::Table, Properties: {TableName: parts-things, BillingMode: PAY_PER_REQUEST, "
    "AttributeDefinitions: [{AttributeName: a, AttributeType: S}], KeySchema: [{AttributeName: a, KeyType: HASH}]}}"
)


def test_the_stack_has_what_a_run_needs(embedded_aws: EmbeddedAws, service: DeployedService) -> None:
    """Makes buckets, tables, topics, queues and rules, but no output that refers to a function."""
    assert service.stack_name == "parts-local"
    outputs = dict(service.outputs)
    assert outputs.pop("RuleArn").startswith("arn:aws:events:")
    assert outputs == {
        "StoreName": "parts-local-store",
        "ThingsArn": "arn:aws:dynamodb:ap-northeast-1:123456789012:table/parts-things",
    }
    resources = embedded_aws.client("cloudformation").describe_stack_resources(StackName="parts-local")
    made = {resource["LogicalResourceId"] for resource in resources["StackResources"]}
    assert made == {"Store", "Topic", "Line", "Things", "Rule"}


def test_functions_have_the_settings_of_the_file(embedded_aws: EmbeddedAws, service: DeployedService) -> None:
    """Sets names, provider defaults, resolved references and variables as text in Lambda's configuration."""
    assert service.functions["busy_twice"] == "renamed-local"
    found = embedded_aws.client("lambda").get_function_configuration(FunctionName="parts-local-surroundings")
    assert (found["Handler"], found["Timeout"], found["MemorySize"]) == ("handlers.surroundings", 20, 256)
    assert found["Environment"]["Variables"] == {
        "STORE_NAME": "parts-local-store",
        "STORE_ARN": "arn:aws:s3:::parts-local-store",
        "GREETING": "ap-northeast-1 parts-news",
        "NUMBER": "9",
        "IS_SET": "true",
        "OWN": "mine",
        "AWS_REGION": "mars-1",
        "EXTRA": "x",
    }


@pytest.mark.slow
def test_a_state_machine_runs_real_functions(
    embedded_aws: EmbeddedAws, service: DeployedService, tmp_path: Path
) -> None:
    """Shows Retry the function's own error class, Catch a time-out and an exit, and sends to SNS."""
    client = embedded_aws.client("stepfunctions")
    tries = tmp_path / "tries"
    arn = client.start_execution(
        stateMachineArn=service.state_machines["Robust-local"], input=json.dumps({"file": str(tries)})
    )["executionArn"]
    deadline = time.monotonic() + 30
    while (found := client.describe_execution(executionArn=arn))["status"] == "RUNNING":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert found["status"] == "SUCCEEDED", found
    output = json.loads(found["output"])
    assert output["busy"] == {"answer": "done"}
    assert tries.read_text(encoding="utf-8") == "xxx"
    assert output["late"]["Error"] == "Sandbox.Timedout"
    assert output["dead"]["Error"] == "Runtime.ExitError"
    assert output["told"]["MessageId"]


def test_an_execution_without_a_name_gets_one_of_its_own(embedded_aws: EmbeddedAws, service: DeployedService) -> None:
    """Gives two executions without names different names."""
    client = embedded_aws.client("stepfunctions")
    arns = set()
    for _ in range(2):
        started = client.start_execution(stateMachineArn=service.state_machines["Robust-local"], input="{}")
        arns.add(started["executionArn"])
        # its input lacks a field; moto answers StopExecution with status 500 while it parses the definition
        while client.describe_execution(executionArn=started["executionArn"])["status"] == "RUNNING":
            time.sleep(0.02)
    assert len(arns) == 2
    assert not any(arn.endswith(":None") for arn in arns)


def test_deploying_again_updates_everything(
    embedded_aws: EmbeddedAws, service: DeployedService, service_folder: Path
) -> None:
    """Returns an equal service when the same file is deployed twice."""
    again = deploy_service(embedded_aws, service_folder / "serverless.yml", stage="local", environment={"EXTRA": "x"})
    assert again == service


@pytest.mark.usefixtures("service")
def test_deploying_again_ends_idle_execution_environments(embedded_aws: EmbeddedAws, tmp_path: Path) -> None:
    """Runs code that changed before the second deploy, and resolves another stack's output."""
    path, code = tmp_path / "serverless.yml", tmp_path / "code.py"
    path.write_text(_FUNCTION, encoding="utf-8")
    client = embedded_aws.client("lambda")
    seen = []
    for version in (1, 22):
        code.write_text(f"import os\ndef version(*_): return [{version}, os.environ['STORE']]\n", encoding="utf-8")
        name = deploy_service(embedded_aws, path, stage="local").functions["version"]
        seen += [json.loads(client.invoke(FunctionName=name)["Payload"].read()) for _ in range(2)]
    assert seen == [[1, "parts-local-store"]] * 2 + [[22, "parts-local-store"]] * 2


def test_code_may_be_in_another_folder(embedded_aws: EmbeddedAws, tmp_path: Path) -> None:
    """Runs the code in `code_dir`, wherever the file is."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "code.py").write_text("def version(*_): return 'src'\n", encoding="utf-8")
    path = tmp_path / "serverless.yml"
    path.write_text("service: elsewhere\nfunctions: {version: {handler: code.version}}\n", encoding="utf-8")
    service = deploy_service(embedded_aws, path, stage="local", code_dir=tmp_path / "src")
    answer = embedded_aws.client("lambda").invoke(FunctionName=service.functions["version"])
    assert json.loads(answer["Payload"].read()) == "src"


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize(
    ("resource", "reason"),
    [
        ("{Type: AWS::SQS::Queue, Properties: {QueueName: no blanks}}", "Can only include alphanumeric characters"),
        ("{Type: AWS::SQS::Queue, Properties: {QueueName: !Ref Nobody}}", "references lead nowhere; found Nobody"),
        (
            _THINGS_AGAIN,
            "Table already exists: parts-things",
        ),
    ],
)
def test_a_stack_that_fails_is_an_error(embedded_aws: EmbeddedAws, tmp_path: Path, resource: str, reason: str) -> None:
    """Raises an error with the stack's name and the reason, in whatever format moto returns it."""
    path = tmp_path / "serverless.yml"
    path.write_text(f"service: broken\nresources: {{Resources: {{Thing: {resource}}}}}\n", encoding="utf-8")
    with pytest.raises(DeployError, match=f"(?s)stack broken-.*{reason}"):
        deploy_service(embedded_aws, path, stage=tmp_path.name[-4:])


def test_a_state_machine_that_is_rejected_is_an_error(embedded_aws: EmbeddedAws, tmp_path: Path) -> None:
    """Raises an error that names the state machine."""
    path = tmp_path / "serverless.yml"
    path.write_text(
        "service: broken\nstepFunctions: {stateMachines: {m: {name: Bad, definition: {StartAt: A}}}}\n",
        encoding="utf-8",
    )
    with pytest.raises(DeployError, match="state machine Bad: Step Functions refused it"):
        deploy_service(embedded_aws, path, stage="local")


def test_a_file_with_unknown_variables_deploys_nothing(embedded_aws: EmbeddedAws, tmp_path: Path) -> None:
    """Raises one error with all unknown variables before anything is made."""
    path = tmp_path / "serverless.yml"
    path.write_text(
        "service: bad\nfunctions:\n  a: {handler: x.y, environment: {A: '${ssm:/a}', B: '${self:nowhere}'}}\n",
        encoding="utf-8",
    )
    with pytest.raises(ServiceFileError, match=r"(?s)functions\.a\.environment\.A.*functions\.a\.environment\.B"):
        deploy_service(embedded_aws, path, stage="local")
