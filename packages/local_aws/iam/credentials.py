"""Made-up credentials that stand for deployed roles.

A function's execution environment gets an access key of its own; each request names the key, so the gateway knows the
role that acts. All other keys stand for the account's administrator: the person at the keyboard, osls, the tests.
"""

import re
import secrets
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from local_aws.environment import ACCOUNT_ID
from local_aws.http.http_message import Headers

STATES_KEY_VARIABLE = "LOCAL_AWS_STATES_KEY"
"""moto's process finds in it how the access keys of state machines' roles begin."""

_SIGNED = re.compile(r"Credential=([^/\s,]+)/\d+/[^/\s,]+/([^/\s,]+)/aws4_request")


@dataclass(frozen=True)
class Principal:
    """A role that a function or a state machine has assumed."""

    role_arn: str
    session_name: str

    @property
    def role_name(self) -> str:
        """The role's name, without its path."""
        return self.role_arn.rsplit("/", 1)[-1]

    @property
    def arn(self) -> str:
        """The ARN of the assumed role, as AWS's messages have it."""
        return f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/{self.role_name}/{self.session_name}"


class RoleCredentials:
    """Issues credentials and knows the principal of each access key.

    A key is never forgotten: a request of a function that has ended must not count as the administrator's.
    """

    def __init__(self) -> None:
        self._principals: dict[str, Principal] = {}
        self.states_key = f"ASIA{secrets.token_hex(8).upper()}"

    def issue(self, role_arn: str, session_name: str) -> dict[str, str]:
        """Return the environment variables with new credentials of a role."""
        access_key = f"ASIA{secrets.token_hex(8).upper()}"
        self._principals[access_key] = Principal(role_arn, session_name)
        return {
            "AWS_ACCESS_KEY_ID": access_key,
            "AWS_SECRET_ACCESS_KEY": secrets.token_hex(20),
            "AWS_SESSION_TOKEN": secrets.token_hex(32),
        }

    def principal(self, access_key: str) -> Principal | None:
        """Return whom an access key stands for; None for the administrator."""
        if access_key.startswith(self.states_key):
            return Principal(bytes.fromhex(access_key.removeprefix(self.states_key)).decode(), "states")
        return self._principals.get(access_key)


def states_access_key(states_key: str, role_arn: str) -> str:
    """Return the access key with which a state machine acts as its role.

    Examples
    --------
    >>> credentials = RoleCredentials()
    >>> key = states_access_key(credentials.states_key, "arn:aws:iam::123456789012:role/starter")
    >>> credentials.principal(key).arn
    'arn:aws:sts::123456789012:assumed-role/starter/states'
    """
    return states_key + role_arn.encode().hex()


def signer(target: str, headers: Headers) -> tuple[str, str]:
    """Return the access key that signed a request and the service it is for; empty texts without a signature.

    Examples
    --------
    >>> signer("/", {"Authorization": "AWS4-HMAC-SHA256 Credential=ASIA1/20210323/us-east-1/s3/aws4_request, ..."})
    ('ASIA1', 's3')
    """
    presigned = parse_qs(urlsplit(target).query).get("X-Amz-Credential", [""])[0]
    match = _SIGNED.search(headers.get("Authorization") or f"Credential={presigned}")
    return (match[1], match[2]) if match else ("", "")
