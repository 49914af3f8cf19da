"""The stacks of the stage, and what an earlier stage of the same name has left behind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from diagnosis.finding import REFUSED, Finding, Level, client
from etl.storage.stage_resources import STACK
from stages.access import StageAccess

SERVICE = "device-operation-history"
_RETAINED = "Take it up or remove it: docs/runbook.md, 'A stage is taken up again'."
_BROKEN = {"CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"}


def stacks(access: StageAccess) -> Iterator[Finding]:
    """Yield the state of both stacks, and what would collide with a stack that is not there."""
    for name, retained in ((f"{STACK}-{access.stage}", _retained), (f"{SERVICE}-{access.stage}", _log_groups)):
        description = describe_stack(name)
        if description is None:
            obstacles = list(retained(access))
            yield from obstacles or [Finding(Level.OK, f"stack {name}", "not deployed yet; nothing is in its way")]
        else:
            yield _status(name, description["StackStatus"])


def describe_stack(name: str) -> dict[str, Any] | None:
    """Return what CloudFormation knows of a stack, None where there is none."""
    try:
        (stack,) = client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if "does not exist" in error.response["Error"].get("Message", ""):
            return None
        raise
    return None if stack["StackStatus"] == "DELETE_COMPLETE" else stack


def _status(name: str, status: str) -> Finding:
    subject = f"stack {name}"
    if status in _BROKEN:
        advice = f"Delete it, then deploy: aws cloudformation delete-stack --stack-name {name}"
        return Finding(Level.WRONG, subject, f"{status}; it takes no deploy", advice)
    if status == "UPDATE_ROLLBACK_FAILED":
        advice = f"Mend the cause, then: aws cloudformation continue-update-rollback --stack-name {name}"
        return Finding(Level.WRONG, subject, f"{status}; it takes no deploy", advice)
    if status.endswith("_IN_PROGRESS"):
        return Finding(Level.LOOK, subject, status, "Somebody deploys now: wait for the end.")
    if status == "UPDATE_ROLLBACK_COMPLETE":
        advice = f"See why: aws cloudformation describe-stack-events --stack-name {name}"
        return Finding(Level.LOOK, subject, "the last deploy failed and was taken back", advice)
    return Finding(Level.OK, subject, status)


def _retained(access: StageAccess) -> Iterator[Finding]:
    """Yield the table and the buckets that exist although their stack does not."""
    dynamodb, s3 = client("dynamodb"), client("s3")
    table = f"Devices-{access.stage}"
    if _exists(dynamodb.describe_table, TableName=table):
        text = "exists, its stack does not: the next deploy fails with AlreadyExists"
        yield Finding(Level.WRONG, f"table {table}", text, _RETAINED)
    for kind in ("devices-raw-data", "devices-data-analytics"):
        bucket = f"{kind}-{access.stage}-{access.account}-{access.region}"
        try:
            is_there = _exists(s3.head_bucket, Bucket=bucket)
        except ClientError as error:
            if error.response["Error"].get("Code") not in REFUSED:
                raise
            text = "exists, and these credentials may not look at it: another account's, or a permission is missing"
            yield Finding(Level.WRONG, f"bucket {bucket}", text, "Choose another stage, or ask for s3:ListBucket.")
            continue
        if is_there:
            text = "exists, its stack does not: the next deploy fails with AlreadyExists"
            yield Finding(Level.WRONG, f"bucket {bucket}", text, _RETAINED)


def _log_groups(access: StageAccess) -> Iterator[Finding]:
    """Yield the functions' log groups that exist although their stack does not."""
    prefix = f"/aws/lambda/{SERVICE}-{access.stage}-"
    for group in client("logs").describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]:
        name = group["logGroupName"]
        advice = f"Remove it, with its log: aws logs delete-log-group --log-group-name {name}"
        text = "exists, its stack does not: the next deploy fails with AlreadyExists"
        yield Finding(Level.WRONG, f"log group {name}", text, advice)


def _exists(describe: Any, **resource: str) -> bool:
    try:
        describe(**resource)
    except ClientError as error:
        if error.response["Error"].get("Code") in {"404", "NoSuchBucket", "ResourceNotFoundException"}:
            return False
        raise
    return True
