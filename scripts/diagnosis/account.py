"""The account: who deploys, whether they may, and how many functions may run at once."""

from __future__ import annotations

from collections.abc import Iterator

from diagnosis.finding import Finding, Level, client
from stages.access import StageAccess

# new accounts have 10
MIN_CONCURRENCY = 100
_CONCURRENCY_QUOTA = "L-B99A9384"


def identity(access: StageAccess) -> Iterator[Finding]:
    """Yield account, region and the principal of the credentials."""
    yield Finding(Level.OK, "account", f"{access.account}, region {access.region}, as {access.arn}")
    if access.arn.endswith(":root"):
        yield Finding(Level.LOOK, "credentials", "those of the account's root user", "Deploy with a role of its own.")


def permissions(access: StageAccess) -> Iterator[Finding]:
    """Yield whether IAM's simulator allows the main actions of a deploy; conditions and other accounts' rules apart.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
    """
    if access.arn.endswith(":root"):
        return
    iam = client("iam")
    principal = access.arn
    if ":assumed-role/" in principal:
        principal = iam.get_role(RoleName=principal.split("/")[1])["Role"]["Arn"]
    denied, conditional, n_actions = [], [], 0
    for resource, actions in deploy_actions(access).items():
        answer = iam.simulate_principal_policy(
            PolicySourceArn=principal, ActionNames=actions, ResourceArns=[resource], MaxItems=100
        )
        for result in answer["EvaluationResults"]:
            n_actions += 1
            if result["EvalDecision"] != "allowed":
                (conditional if result.get("MissingContextValues") else denied).append(result["EvalActionName"])
    if denied:
        names = ", ".join(sorted(denied))
        yield Finding(Level.WRONG, "permissions", f"{principal} may not {names}", "Ask for these permissions.")
    if conditional:
        names = ", ".join(sorted(conditional))
        yield Finding(Level.UNKNOWN, "permissions", f"a condition that is not evaluated here decides on {names}")
    if not denied and not conditional:
        yield Finding(Level.OK, "permissions", f"the {n_actions} main actions of a deploy are allowed")


def deploy_actions(access: StageAccess) -> dict[str, list[str]]:
    """Return the main actions of a deploy, by the ARN of a resource that each is for."""
    service, stage = "device-operation-history", access.stage
    iam, s3 = (f"arn:{access.partition}:{name}::" for name in ("iam", "s3"))
    bucket = [f"s3:{action}" for action in ("CreateBucket", "PutBucketPolicy", "PutBucketVersioning")]
    return {
        access.arn_of("cloudformation", f"stack/{service}-{stage}/*"): [
            "cloudformation:CreateStack",
            "cloudformation:UpdateStack",
            "cloudformation:DescribeStacks",
        ],
        f"{s3}:devices-raw-data-{stage}-{access.account}-{access.region}": [
            *bucket,
            "s3:PutLifecycleConfiguration",
            "s3:PutEncryptionConfiguration",
            "s3:PutBucketPublicAccessBlock",
        ],
        f"{s3}:{service}-{stage}-serverlessdeploymentbucket": bucket[:2],
        f"{s3}:{service}-{stage}-serverlessdeploymentbucket/function.zip": ["s3:PutObject"],
        access.arn_of("dynamodb", f"table/Devices-{stage}"): [
            "dynamodb:CreateTable",
            "dynamodb:DescribeTable",
            "dynamodb:UpdateContinuousBackups",
        ],
        access.arn_of("lambda", f"function:{service}-{stage}-load_file"): [
            "lambda:CreateFunction",
            "lambda:UpdateFunctionCode",
            "lambda:AddPermission",
        ],
        access.arn_of("lambda", f"layer:{service}-{stage}-base"): ["lambda:PublishLayerVersion"],
        f"{iam}{access.account}:role/{service}-{stage}-LoadFileRole": [
            "iam:CreateRole",
            "iam:PutRolePolicy",
            "iam:PassRole",
        ],
        access.arn_of("states", f"stateMachine:BatchStateMachine-{stage}"): [
            "states:CreateStateMachine",
            "states:UpdateStateMachine",
            "states:StartExecution",
        ],
        access.arn_of("events", f"rule/{service}-{stage}-execution-ended"): ["events:PutRule", "events:PutTargets"],
        access.arn_of("scheduler", f"schedule/default/{service}-{stage}-nightly"): ["scheduler:CreateSchedule"],
        access.arn_of("sns", f"{service}-{stage}-failures"): ["sns:CreateTopic", "sns:Subscribe"],
        access.arn_of("sqs", f"{service}-{stage}-missed-runs"): ["sqs:CreateQueue"],
        access.arn_of("cloudwatch", f"alarm:{service}-{stage}-missed-runs"): ["cloudwatch:PutMetricAlarm"],
        access.arn_of("logs", f"log-group:/aws/lambda/{service}-{stage}-load_file"): ["logs:CreateLogGroup"],
    }


def concurrency(_access: StageAccess) -> Iterator[Finding]:
    """Yield how many functions the account may run at once, all services together."""
    limit = client("lambda").get_account_settings()["AccountLimit"]
    n_free, n_all = limit["UnreservedConcurrentExecutions"], limit["ConcurrentExecutions"]
    text = f"{n_all} functions may run at once in this account and region, {n_free} of them unreserved"
    if n_all >= MIN_CONCURRENCY:
        yield Finding(Level.OK, "concurrency", text)
        return
    advice = (
        "Enough for one run; others' functions can throttle it. Ask for more: aws service-quotas "
        f"request-service-quota-increase --service-code lambda --quota-code {_CONCURRENCY_QUOTA} --desired-value 1000"
    )
    yield Finding(Level.LOOK, "concurrency", text, advice)
