"""Tests of the credentials that stand for roles."""

import pytest

from local_aws.iam.credentials import RoleCredentials, signer, states_access_key

_SIGNATURE = "AWS4-HMAC-SHA256 Credential={}/20210323/ap-northeast-1/dynamodb/aws4_request, SignedHeaders=host"


def test_each_function_has_credentials_of_its_own() -> None:
    """Issues other keys at each call, and knows the role and the function of each."""
    credentials = RoleCredentials()
    first, second = (credentials.issue(f"arn:aws:iam::123456789012:role/{name}", name) for name in ("a", "b"))
    assert not set(first.values()) & set(second.values())
    principal = credentials.principal(second["AWS_ACCESS_KEY_ID"])
    assert principal
    assert principal.arn == "arn:aws:sts::123456789012:assumed-role/b/b"


def test_a_role_with_a_path_keeps_its_name() -> None:
    """Leaves the role's path out of the assumed role's ARN."""
    credentials = RoleCredentials()
    principal = credentials.principal(states_access_key(credentials.states_key, "arn:aws:iam::1:role/team/starter"))
    assert principal
    assert (principal.role_name, principal.arn.split(":")[-1]) == ("starter", "assumed-role/starter/states")


def test_an_unknown_key_is_the_administrators() -> None:
    """Knows no role of a key that it did not issue."""
    assert RoleCredentials().principal("local-aws") is None


@pytest.mark.parametrize(
    ("target", "authorization", "expected"),
    [
        ("/", _SIGNATURE.format("ASIA1"), ("ASIA1", "dynamodb")),
        ("/b/k?X-Amz-Credential=ASIA1%2F20210323%2Fus-east-1%2Fs3%2Faws4_request", None, ("ASIA1", "s3")),
        ("/", "Basic abc", ("", "")),
        ("/", None, ("", "")),
    ],
)
def test_the_signature_names_key_and_service(target: str, authorization: str | None, expected: tuple[str, str]) -> None:
    """Reads the header, or the query of a presigned URL."""
    headers = {"Authorization": authorization} if authorization else {}
    assert signer(target, headers) == expected
