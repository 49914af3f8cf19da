"""`make doctor` finds what would stop a deploy or a run, says what to do, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

import doctor
from diagnosis import account, delivery, packages, stacks
from diagnosis.finding import Finding, Level, findings_of
from etl.runs.provenance import ROOT
from local_aws import EmbeddedAws, deploy_service
from osls import OSLS
from stages.access import StageAccess

REGION, ACCOUNT = "ap-northeast-1", "111122223333"
ACCESS = StageAccess("prod", REGION, ACCOUNT, f"arn:aws:sts::{ACCOUNT}:assumed-role/Deployer/me")
ROLE = f"arn:aws:iam::{ACCOUNT}:role/sso/Deployer"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:device-operation-history-prod-failures"
SERVICE_STACK, RESOURCES_STACK = "device-operation-history-prod", "device-operation-history-resources-prod"
MISSING = {"code": "ValidationError", "message": "Stack with id x does not exist", "status": 400}
Answers = Callable[..., None]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """Return a function that plans AWS's next answer to a call: a response, or an error."""
    clients: dict[str, tuple[Any, Stubber]] = {}

    def client_of(service: str) -> Any:
        if service not in clients:
            client = boto3.client(
                service, region_name=REGION, aws_access_key_id="a", aws_secret_access_key="b", endpoint_url=None
            )
            stubber = Stubber(client)
            stubber.activate()
            clients[service] = client, stubber
        return clients[service][0]

    def plan(service: str, method: str, response: dict[str, Any] | None = None, **error: Any) -> None:
        client_of(service)
        stubber = clients[service][1]
        if response is None:
            stubber.add_client_error(method, error["code"], error.get("message", ""), error.get("status", 400))
        else:
            stubber.add_response(method, response)

    for module in (account, delivery, packages, stacks):
        monkeypatch.setattr(module, "client", client_of)
    return plan


def lines(check: Any) -> list[str]:
    """Return a check's findings as they are printed."""
    return [str(finding) for finding in findings_of("subject", check, ACCESS)]


def stack(status: str = "UPDATE_COMPLETE", **outputs: str) -> dict[str, Any]:
    """Return CloudFormation's description of a stack."""
    listed = [{"OutputKey": name, "OutputValue": value} for name, value in outputs.items()]
    description = {"StackName": "s", "CreationTime": "2025-01-01T00:00:00Z", "StackStatus": status, "Outputs": listed}
    return {"Stacks": [description]}


def test_a_finding_is_one_line() -> None:
    """The level, what was looked at, what was found, what to do."""
    finding = Finding(Level.LOOK, "schedule", "DISABLED", "Deploy.")
    assert str(finding) == "worth a look  schedule: DISABLED. Deploy."
    assert str(Finding(Level.OK, "stage", "dev")) == "ok            stage: dev."


def test_denied_actions_are_wrong(answers: Answers) -> None:
    """The role behind the session is simulated, and each denied action is named."""
    answers(
        "iam",
        "get_role",
        {"Role": {"Path": "/sso/", "RoleName": "Deployer", "RoleId": "A" * 16, "Arn": ROLE, "CreateDate": 0}},
    )
    for number, actions in enumerate(account.deploy_actions(ACCESS).values()):
        decision = "implicitDeny" if number in (0, 3) else "allowed"
        results = [{"EvalActionName": action, "EvalDecision": decision} for action in actions]
        answers("iam", "simulate_principal_policy", {"EvaluationResults": results})
    (line,) = lines(account.permissions)
    denied = "cloudformation:CreateStack, cloudformation:DescribeStacks, cloudformation:UpdateStack, s3:PutObject"
    assert line == f"wrong         permissions: {ROLE} may not {denied}. Ask for these permissions."


def test_allowed_actions_are_counted(answers: Answers) -> None:
    """Every action is asked for on a resource of this stage, so that a policy for this stage only is enough."""
    answers(
        "iam",
        "get_role",
        {"Role": {"Path": "/sso/", "RoleName": "Deployer", "RoleId": "A" * 16, "Arn": ROLE, "CreateDate": 0}},
    )
    n_actions = 0
    for resource, actions in account.deploy_actions(ACCESS).items():
        assert "prod" in resource
        n_actions += len(actions)
        results = [{"EvalActionName": action, "EvalDecision": "allowed"} for action in actions]
        answers("iam", "simulate_principal_policy", {"EvaluationResults": results})
    assert lines(account.permissions) == [
        f"ok            permissions: the {n_actions} main actions of a deploy are allowed."
    ]


def test_a_refused_simulation_is_not_known(answers: Answers) -> None:
    """It is no fault of the stage that the doctor may not look."""
    answers("iam", "get_role", code="AccessDenied", status=403)
    (line,) = lines(account.permissions)
    assert line.startswith("not known     subject: AWS refused GetRole (AccessDenied). Ask for this permission")


def test_root_credentials_are_worth_a_look(answers: Answers) -> None:
    """Nothing is simulated for the root user, which may do everything."""
    del answers
    root = StageAccess("prod", REGION, ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root")
    assert [finding.level for finding in account.identity(root)] == [Level.OK, Level.LOOK]
    assert list(account.permissions(root)) == []


@pytest.mark.parametrize(("n_all", "level"), [(10, "worth a look"), (1000, "ok")])
def test_a_new_accounts_concurrency_is_worth_a_look(answers: Answers, n_all: int, level: str) -> None:
    """New accounts may run ten functions at once; the line has the command that asks for more."""
    answers(
        "lambda",
        "get_account_settings",
        {"AccountLimit": {"ConcurrentExecutions": n_all, "UnreservedConcurrentExecutions": n_all}},
    )
    (line,) = lines(account.concurrency)
    assert line.startswith(f"{level:<12}  concurrency: {n_all} functions")
    assert ("aws service-quotas" in line) == (level != "ok")


def test_what_an_earlier_stage_left_is_wrong(answers: Answers) -> None:
    """Table, buckets and log groups without their stack make the next deploy fail, and each line says what to do."""
    answers("cloudformation", "describe_stacks", **MISSING)
    answers("dynamodb", "describe_table", {"Table": {"TableName": "Devices-prod"}})
    answers("s3", "head_bucket", {})
    answers("s3", "head_bucket", code="403", status=403)
    answers("cloudformation", "describe_stacks", **MISSING)
    group = "/aws/lambda/device-operation-history-prod-publish"
    answers("logs", "describe_log_groups", {"logGroups": [{"logGroupName": group}]})
    table, raw, analytics, log_group = lines(stacks.stacks)
    for line, name in ((table, "table Devices-prod"), (raw, f"bucket devices-raw-data-prod-{ACCOUNT}-{REGION}")):
        assert line.startswith(f"wrong         {name}: exists, its stack does not")
        assert line.endswith("docs/runbook.md, 'A stage is taken up again'.")
    assert "another account's" in analytics
    assert log_group.endswith(f"aws logs delete-log-group --log-group-name {group}")


@pytest.mark.parametrize(
    ("status", "level", "advice"),
    [
        ("UPDATE_COMPLETE", "ok", ""),
        ("UPDATE_IN_PROGRESS", "worth a look", "wait"),
        ("UPDATE_ROLLBACK_COMPLETE", "worth a look", "describe-stack-events"),
        ("ROLLBACK_COMPLETE", "wrong", f"delete-stack --stack-name {RESOURCES_STACK}"),
        ("UPDATE_ROLLBACK_FAILED", "wrong", "continue-update-rollback"),
    ],
)
def test_a_stack_that_takes_no_deploy_is_wrong(answers: Answers, status: str, level: str, advice: str) -> None:
    """The line has the command that mends it."""
    answers("cloudformation", "describe_stacks", stack(status))
    answers("cloudformation", "describe_stacks", stack())
    first, second = lines(stacks.stacks)
    assert first.startswith(f"{level:<12}  stack {RESOURCES_STACK}: ")
    assert advice in first
    assert second == f"ok            stack {SERVICE_STACK}: UPDATE_COMPLETE."


@pytest.mark.parametrize(
    ("subscription", "start"),
    [
        (None, "worth a look  failures: sent to nobody. Name an address in serverless.yml, custom.failureEmail.prod"),
        ("PendingConfirmation", "wrong         failures: ops@example.com has not confirmed and gets none."),
        (f"{TOPIC}:1", "ok            failures: sent to ops@example.com, confirmed."),
    ],
)
def test_whoever_is_on_call_must_have_confirmed(answers: Answers, subscription: str | None, start: str) -> None:
    """SNS sends nothing to an address whose owner has not confirmed it."""
    answers("cloudformation", "describe_stacks", stack(FailureTopicArn=TOPIC))
    entry = {"SubscriptionArn": subscription, "Protocol": "email", "Endpoint": "ops@example.com"}
    answers("sns", "list_subscriptions_by_topic", {"Subscriptions": [entry] if subscription else []})
    (line,) = lines(delivery.subscription)
    assert line.startswith(start)


@pytest.mark.parametrize(("state", "level"), [("ENABLED", "ok"), ("DISABLED", "worth a look")])
def test_a_paused_schedule_is_worth_a_look(answers: Answers, state: str, level: str) -> None:
    """The deployed state is compared with that of serverless.yml; the hour is shown with its zone."""
    answers("cloudformation", "describe_stacks", stack())
    answer = {"State": state, "ScheduleExpression": "cron(30 0 * * ? *)", "ScheduleExpressionTimezone": "Asia/Tokyo"}
    answers("scheduler", "get_schedule", answer)
    (line,) = lines(delivery.schedule)
    assert line.startswith(f"{level:<12}  schedule: {state}, cron(30 0 * * ? *) in Asia/Tokyo")


def test_a_missing_schedule_is_wrong(answers: Answers) -> None:
    """Somebody removed it by hand; a deploy makes it again."""
    answers("cloudformation", "describe_stacks", stack())
    answers("scheduler", "get_schedule", code="ResourceNotFoundException")
    (line,) = lines(delivery.schedule)
    assert line.startswith("wrong         schedule: device-operation-history-prod-nightly is gone. Deploy:")


def test_a_template_and_a_definition_that_aws_refuses_are_wrong(
    answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS's own words are in the line."""
    machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"DefinitionString": "{}"}}
    monkeypatch.setattr(packages, "compile_template", lambda *_: {"Resources": {"Machine": machine}})
    answers("cloudformation", "validate_template", code="ValidationError", message="Unresolved resource dependencies")
    answers("cloudformation", "validate_template", {})
    diagnostic = {"severity": "ERROR", "code": "SCHEMA", "message": "no StartAt", "location": "/"}
    answers("stepfunctions", "validate_state_machine_definition", {"result": "FAIL", "diagnostics": [diagnostic]})
    assert lines(packages.templates) == [
        "wrong         serverless-resources.yml: CloudFormation refuses it: Unresolved resource dependencies.",
        "ok            serverless.yml: CloudFormation takes it, 1 resources.",
        "wrong         workflow/batch_state_machine.yml: Step Functions refuses it: no StartAt (/).",
    ]


@pytest.mark.functional
@pytest.mark.slow
def test_a_good_stage_has_nothing_wrong(embedded_aws: EmbeddedAws, capsys: pytest.CaptureFixture[str]) -> None:
    """Against the embedded AWS: exit code 0, and what it does not know is not known."""
    if not OSLS.exists():
        pytest.skip("osls is not installed here: run 'make node_modules'")
    for config in ("serverless-resources.yml", "serverless.yml"):
        deploy_service(embedded_aws, ROOT / config, stage="well")
    assert doctor.main(["--stage", "well"]) == 0
    printed = capsys.readouterr().out
    for line in (
        "ok            stage: well; its resources' names fit.",
        "ok            stack device-operation-history-resources-well: CREATE_COMPLETE.",
        "ok            stack device-operation-history-well: CREATE_COMPLETE.",
        "worth a look  failures: sent to nobody.",
        "ok            serverless.yml: CloudFormation takes it,",
        "not known     schedule: the embedded AWS has no schedules.",
    ):
        assert f"\n{line}" in f"\n{printed}"
    assert "\n0 wrong, 1 worth a look, of " in printed


@pytest.mark.functional
def test_a_table_without_its_stack_makes_the_doctor_fail(
    embedded_aws: EmbeddedAws, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against the embedded AWS: exit code 1, and the account's number is compared, too."""
    attribute = {"AttributeName": "user_id", "AttributeType": "S"}
    embedded_aws.client("dynamodb").create_table(
        TableName="Devices-ill",
        AttributeDefinitions=[attribute],
        KeySchema=[{"AttributeName": "user_id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    monkeypatch.setattr(doctor, "CHECKS", {"stacks": stacks.stacks})
    assert doctor.main(["--stage", "ill", "--account", ACCOUNT]) == 1
    printed = capsys.readouterr().out
    assert f"wrong         account: the credentials are those of 123456789012, not of {ACCOUNT}." in printed
    assert "wrong         table Devices-ill: exists, its stack does not" in printed
    assert "2 wrong, 0 worth a look, of 3 findings." in printed
