"""What happens without anybody typing: the nightly schedule, and who hears of failures."""

from __future__ import annotations

from collections.abc import Iterator

from botocore.exceptions import ClientError

from diagnosis.finding import Finding, Level, client
from diagnosis.stacks import SERVICE, describe_stack
from etl.storage.aws import EMBEDDED_ACCOUNT
from local_aws.cloudformation.yaml_files import read_yaml
from osls import ROOT
from osls import SERVICE as SERVICE_FILE
from stages.access import StageAccess


def subscription(access: StageAccess) -> Iterator[Finding]:
    """Yield whether failures reach somebody."""
    stack = describe_stack(f"{SERVICE}-{access.stage}")
    if stack is None:
        return
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
    topic_arn = outputs["FailureTopicArn"]
    subscriptions = client("sns").list_subscriptions_by_topic(TopicArn=topic_arn)["Subscriptions"]
    if not subscriptions:
        advice = f"Name an address in serverless.yml, custom.failureEmail.{access.stage}, and deploy."
        yield Finding(Level.LOOK, "failures", "sent to nobody", advice)
    for entry in subscriptions:
        if entry["SubscriptionArn"] == "PendingConfirmation":
            again = (
                f"aws sns subscribe --topic-arn {topic_arn} --protocol {entry['Protocol']} --notification-endpoint ..."
            )
            advice = f"Its owner confirms it by the link in the e-mail. Send that again: {again}"
            yield Finding(Level.WRONG, "failures", f"{entry['Endpoint']} has not confirmed and gets none", advice)
        else:
            yield Finding(Level.OK, "failures", f"sent to {entry['Endpoint']}, confirmed")


def schedule(access: StageAccess) -> Iterator[Finding]:
    """Yield the state and the hour of the deployed schedule."""
    if describe_stack(f"{SERVICE}-{access.stage}") is None:
        return
    name = f"{SERVICE}-{access.stage}-nightly"
    try:
        answer = client("scheduler").get_schedule(Name=name)
    except ClientError as error:
        if error.response["Error"].get("Code") != "ResourceNotFoundException":
            raise
        if access.account == EMBEDDED_ACCOUNT:
            yield Finding(Level.UNKNOWN, "schedule", "the embedded AWS has no schedules")
        else:
            yield Finding(Level.WRONG, "schedule", f"{name} is gone", f"Deploy: make deploy STAGE={access.stage}")
        return
    state, hour = answer["State"], f"{answer['ScheduleExpression']} in {answer['ScheduleExpressionTimezone']}"
    states = read_yaml(ROOT / SERVICE_FILE)["custom"]["scheduleState"]
    expected = states.get(access.stage, states["default"])
    if state == expected:
        yield Finding(Level.OK, "schedule", f"{state}, {hour}")
    else:
        advice = "Paused or started by hand? The next deploy sets it back: docs/runbook.md, 'The nightly schedule'."
        yield Finding(Level.LOOK, "schedule", f"{state}, {hour}; serverless.yml says {expected}", advice)
