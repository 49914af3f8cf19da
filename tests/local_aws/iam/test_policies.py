"""Tests of the evaluation of policies."""

from typing import Any

import pytest

from local_aws.errors import UnsupportedPolicyError
from local_aws.iam.aws_calls import Call
from local_aws.iam.credentials import Principal
from local_aws.iam.policies import Decision, decide

CALLER = Principal("arn:aws:iam::123456789012:role/reader", "f")
READ = Call("s3:GetObject", "arn:aws:s3:::b/runs/1")


def statement(effect: str = "Allow", action: Any = "s3:GetObject", resource: Any = "*", **more: Any) -> dict[str, Any]:
    """Return a policy with one statement."""
    return {"Statement": [{"Effect": effect, "Action": action, "Resource": resource, **more}]}


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ([], Decision.NOT_ALLOWED),
        ([statement()], Decision.ALLOWED),
        ([statement(action="s3:Get*")], Decision.ALLOWED),
        ([statement(action="S3:getobject")], Decision.ALLOWED),
        ([statement(action=["s3:PutObject", "s3:GetObject"])], Decision.ALLOWED),
        ([statement(action="s3:PutObject")], Decision.NOT_ALLOWED),
        ([statement(resource="arn:aws:s3:::b/runs/*")], Decision.ALLOWED),
        ([statement(resource="arn:aws:s3:::b/runs/?")], Decision.ALLOWED),
        ([statement(resource="arn:aws:s3:::b/Runs/*")], Decision.NOT_ALLOWED),
        ([statement(resource="arn:aws:s3:::b/[r]uns/*")], Decision.NOT_ALLOWED),
        ([statement(resource="arn:aws:s3:::b")], Decision.NOT_ALLOWED),
        ([statement(), statement("Deny")], Decision.DENIED),
        ([statement(), statement("Deny", resource="arn:aws:s3:::other/*")], Decision.ALLOWED),
        ([statement(Condition={"Bool": {"aws:SecureTransport": "false"}})], Decision.NOT_ALLOWED),
        ([statement(Condition={"Bool": {"aws:SecureTransport": True}})], Decision.ALLOWED),
        ([statement(Condition={"Null": {"s3:if-none-match": "true"}})], Decision.ALLOWED),
        ([statement(Condition={"StringEquals": {"s3:prefix": "runs/"}})], Decision.NOT_ALLOWED),
    ],
)
def test_a_roles_policies(policies: list[dict[str, Any]], expected: Decision) -> None:
    """Allows what a statement allows and none denies; actions match in any case, resources do not."""
    assert decide(READ, CALLER, policies) is expected


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ({"s3:ObjectCreationOperation": "true"}, Decision.DENIED_BY_BUCKET),
        ({"s3:ObjectCreationOperation": "true", "s3:if-none-match": "*"}, Decision.ALLOWED),
        ({"s3:ObjectCreationOperation": "false"}, Decision.ALLOWED),
    ],
)
@pytest.mark.parametrize("caller", [CALLER, None])
def test_a_buckets_policy_demands_a_condition(
    context: dict[str, str], expected: Decision, caller: Principal | None
) -> None:
    """Denies unconditional writes to everybody, the administrator too; the parts of an upload pass."""
    condition = {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}}
    policy = statement("Deny", "s3:PutObject", "arn:aws:s3:::b/runs/*", Principal="*", Condition=condition)
    call = Call("s3:PutObject", "arn:aws:s3:::b/runs/1", context)
    assert decide(call, caller, [statement(action="s3:*")], policy) is expected


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ({"AWS": CALLER.role_arn}, Decision.ALLOWED),
        ({"AWS": "arn:aws:iam::123456789012:role/other"}, Decision.NOT_ALLOWED),
        ({"Service": "logging.s3.amazonaws.com"}, Decision.NOT_ALLOWED),
    ],
)
def test_a_buckets_policy_allows_principals(principal: Any, expected: Decision) -> None:
    """Allows the roles that the policy names, without a statement of their own."""
    assert decide(READ, CALLER, [], statement(Principal=principal)) is expected


@pytest.mark.parametrize(
    ("policy", "part"),
    [
        ({"Statement": {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}}, "NotAction"),
        (statement(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}), "condition IpAddress"),
        (statement(Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}), "aws:MultiFactorAuthPresent"),
        (statement(resource="arn:aws:s3:::b/${aws:username}/*"), "policy variable"),
    ],
)
def test_a_policy_that_is_not_supported_is_an_error(policy: dict[str, Any], part: str) -> None:
    """Names the part that cannot be evaluated instead of allowing or ignoring it."""
    with pytest.raises(UnsupportedPolicyError, match=part):
        decide(READ, CALLER, [policy])
