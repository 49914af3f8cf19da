"""Evaluate policies as IAM does; what is not supported is an error, never an allowance.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html.
Supported: Effect, Action and Resource with wildcards, the conditions of `_OPERATORS` on the keys of `_KEYS`, and, in a
bucket's policy, Principal. Not supported: NotAction, NotResource, NotPrincipal, policy variables, other conditions.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from functools import cache
from typing import Any

from local_aws.environment import ACCOUNT_ID
from local_aws.errors import UnsupportedPolicyError
from local_aws.iam.aws_calls import Call
from local_aws.iam.credentials import Principal

_SUPPORTED = {"Sid", "Effect", "Action", "Resource", "Condition", "Principal"}
# A key outside of this set may have a value on AWS that is not known here.
_KEYS = {"aws:securetransport", "s3:if-match", "s3:if-none-match", "s3:objectcreationoperation", "s3:prefix"}
_ROOT = {ACCOUNT_ID, f"arn:aws:iam::{ACCOUNT_ID}:root"}


class Decision(Enum):
    """What policies say of a call; the value is the end of AWS's message."""

    ALLOWED = ""
    NOT_ALLOWED = "because no identity-based policy allows the {action} action"
    DENIED = "with an explicit deny in an identity-based policy"
    DENIED_BY_BUCKET = "with an explicit deny in a resource-based policy"


def decide(
    call: Call, caller: Principal | None, identity: Iterable[Mapping[str, Any]], bucket: Mapping[str, Any] | None = None
) -> Decision:
    """Decide a call.

    Parameters
    ----------
    call
        What the caller wants.
    caller
        The role that calls; None for the administrator, whom only the bucket's policy can refuse.
    identity
        The documents of the role's policies.
    bucket
        The document of the bucket's policy.

    Raises
    ------
    UnsupportedPolicyError
        A policy has a part that is not supported here.
    """
    own = [_effect(statement, call) for document in identity for statement in _list(document.get("Statement"))]
    of_bucket = [
        _effect(statement, call)
        for statement in _list((bucket or {}).get("Statement"))
        if _is_for(statement.get("Principal"), caller)
    ]
    if "Deny" in of_bucket:
        return Decision.DENIED_BY_BUCKET
    if "Deny" in own:
        return Decision.DENIED
    return Decision.ALLOWED if caller is None or "Allow" in [*own, *of_bucket] else Decision.NOT_ALLOWED


def _effect(statement: Mapping[str, Any], call: Call) -> str:
    """Return ``Allow`` or ``Deny`` if the statement is about the call, else an empty text."""
    if unknown := statement.keys() - _SUPPORTED:
        raise UnsupportedPolicyError(_unsupported(", ".join(sorted(unknown)), ", ".join(sorted(_SUPPORTED))))
    is_about = (
        any(_matches(pattern.lower(), call.action.lower()) for pattern in _list(statement["Action"]))
        and any(_matches(pattern, call.resource) for pattern in _list(statement["Resource"]))
        and _holds(statement.get("Condition") or {}, call)
    )
    return str(statement["Effect"]) if is_about else ""


def _is_for(principal: Any, caller: Principal | None) -> bool:
    """Tell whether a bucket policy's ``Principal`` includes the caller."""
    if principal == "*":
        return True
    if not isinstance(principal, dict) or principal.keys() - {"AWS", "Service"}:
        raise UnsupportedPolicyError(_unsupported(f"Principal {principal!r}", "'*', AWS or Service"))
    names = set(_list(principal.get("AWS")))
    if caller and names & _ROOT:
        raise UnsupportedPolicyError(_unsupported("an account as Principal", "'*' or roles"))
    return "*" in names or bool(names & ({caller.role_arn, caller.arn} if caller else _ROOT))


def _holds(conditions: Mapping[str, Mapping[str, Any]], call: Call) -> bool:
    """Tell whether all conditions are fulfilled; loopback counts as TLS."""
    context = {name.lower(): value for name, value in {"aws:SecureTransport": "true", **call.context}.items()}
    for operator, by_key in conditions.items():
        if operator not in _OPERATORS:
            raise UnsupportedPolicyError(_unsupported(f"condition {operator}", ", ".join(_OPERATORS)))
        for key, expected in by_key.items():
            if key.lower() not in _KEYS:
                raise UnsupportedPolicyError(_unsupported(f"condition key {key}", ", ".join(sorted(_KEYS))))
            if not _OPERATORS[operator](context.get(key.lower()), [_text(value) for value in _list(expected)]):
                return False
    return True


_OPERATORS: dict[str, Callable[[str | None, list[str]], bool]] = {
    "Bool": lambda value, expected: value is not None and value.lower() in expected,
    "Null": lambda value, expected: str(value is None).lower() in expected,
    "StringEquals": lambda value, expected: value in expected,
    "StringLike": lambda value, expected: value is not None and any(_matches(item, value) for item in expected),
}


@cache
def _pattern(text: str) -> re.Pattern[str]:
    if "${" in text:
        raise UnsupportedPolicyError(_unsupported(f"policy variable in {text}", "plain text and wildcards"))
    return re.compile(re.escape(text).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def _matches(pattern: str, text: str) -> bool:
    return bool(_pattern(pattern).fullmatch(text))


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _unsupported(part: str, expected: str) -> str:
    return f"policy: the embedded AWS cannot evaluate it; found {part}; expected {expected}. Nothing is allowed by it."
