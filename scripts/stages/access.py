"""The stage, the account and the credentials of a command, checked before the command builds or changes anything."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, NoCredentialsError, ProfileNotFound

from etl.errors import SettingsError
from etl.storage.aws import EMBEDDED_ACCOUNT, require_right_aws
from etl.storage.stage_resources import STACK

# the longest name of a stage: serverless-resources.yml. Limit of the length:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BUCKET_NAME = "devices-data-analytics-{stage}-{account}-{region}"
MAX_BUCKET_NAME = 63
STAGE_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
ANY_ACCOUNT = "0" * 12
_REPLACED = {"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN"}
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_CREDENTIALS = "expected those of an account. Set AWS_PROFILE=NAME, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
# one try: whoever types a command waits for the answer
_ONE_TRY = Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 1})


class StageError(Exception):
    """The stage, the account or the credentials do not do; nothing was built or changed."""


@dataclass(frozen=True)
class StageAccess:
    """A stage, and who works on it.

    Attributes
    ----------
    stage, region
        As named in the command.
    account, arn
        Of the credentials.
    """

    stage: str
    region: str
    account: str
    arn: str

    @property
    def partition(self) -> str:
        """``aws``, or that of another set of regions, such as ``aws-cn``."""
        return self.arn.split(":")[1]

    def arn_of(self, service: str, resource: str) -> str:
        """Return the ARN of a resource of this account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def osls_environment(self) -> dict[str, str]:
        """Return the environment for osls, with the credentials that this process has got already.

        So osls needs no profile: it asks for no MFA code, and knows no single sign-on.
        """
        credentials = boto3.DEFAULT_SESSION.get_credentials().get_frozen_credentials()
        inherited = {name: value for name, value in os.environ.items() if name not in _REPLACED}
        keys = {"AWS_ACCESS_KEY_ID": credentials.access_key, "AWS_SECRET_ACCESS_KEY": credentials.secret_key}
        token = {"AWS_SESSION_TOKEN": credentials.token} if credentials.token else {}
        return {**inherited, **keys, **token}


def require_stage_name(stage: str, region: str, *, action: str) -> None:
    """Refuse a stage without a name, or with one that the names of its resources cannot contain.

    Raises
    ------
    StageError
        The message says what to type, in the language of make.
    """
    if not stage:
        raise StageError(f"no stage; expected its name, as in 'make {action} STAGE=dev'.")
    if not STAGE_NAME.fullmatch(stage):
        raise StageError(
            f"STAGE={stage}: not a name for buckets; expected lower-case letters, digits and hyphens, as in STAGE=dev."
        )
    n_others = len(BUCKET_NAME.format(stage="", account=ANY_ACCOUNT, region=region))
    if n_others + len(stage) > MAX_BUCKET_NAME:
        raise StageError(
            f"STAGE={stage}: too long, its buckets' names would pass {MAX_BUCKET_NAME} characters; found {len(stage)} "
            f"characters; expected at most {MAX_BUCKET_NAME - n_others} in {region}, as in STAGE=dev."
        )


def sign_in(stage: str, region: str, *, action: str) -> StageAccess:
    """Check the stage's name and ask AWS whose credentials these are; a profile with MFA asks for its code here.

    The process's default session of boto3 has these credentials from then on.

    Raises
    ------
    StageError
        The name, the region or the credentials do not do.
    """
    require_stage_name(stage, region, action=action)
    try:
        boto3.setup_default_session(region_name=region)
        sts = boto3.client("sts", config=_ONE_TRY)
        require_right_aws(f"{STACK}-{stage}", sts.meta.endpoint_url)
        identity = sts.get_caller_identity()
    except SettingsError as error:
        raise StageError(str(error)) from error
    except NoCredentialsError as error:
        raise StageError(f"no AWS credentials; found none; {_CREDENTIALS}") from error
    except ProfileNotFound as error:
        raise StageError(f"AWS_PROFILE: {error}; expected a profile of ~/.aws/config.") from error
    except EndpointConnectionError as error:
        raise StageError(f"REGION={region}: no answer from AWS; expected a region, and a network. {error}") from error
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _EXPIRED:
            raise StageError(f"the AWS credentials have expired ({code}); log in again.") from error
        raise StageError(f"AWS does not accept the credentials; found {code}; {_CREDENTIALS}") from error
    except BotoCoreError as error:
        raise StageError(f"the AWS credentials cannot be used; found {error}; log in again.") from error
    return StageAccess(stage, region, identity["Account"], identity["Arn"])


def confirm_account(access: StageAccess, action: str, *, account: str | None) -> None:
    """Print account, region and stage, and compare the account with the one that the user names or types.

    The embedded AWS needs no confirmation.

    Raises
    ------
    StageError
        It is another account, or nobody can be asked.
    """
    print(
        f"{action}: stage {access.stage}, account {access.account}, region {access.region}, as {access.arn}", flush=True
    )
    if not account and access.account == EMBEDDED_ACCOUNT:
        return
    if not account:
        if not sys.stdin.isatty():
            raise StageError(f"no terminal to ask on; confirm the account with ACCOUNT={access.account}.")
        try:
            account = input("Type the account's number to go on: ").strip()
        except EOFError:
            account = ""
    if account != access.account:
        raise StageError(
            f"the credentials are those of account {access.account}; found ACCOUNT={account}; expected the same. "
            "Nothing was done."
        )


def add_stage_options(parser: Any) -> None:
    """Add the options that name the stage, its account and its region."""
    parser.add_argument("--stage", default="", help="dev, prod, ...; there is no default")
    parser.add_argument("--account", help="the account's number, instead of being asked for it")
    parser.add_argument("--region", default="ap-northeast-1", help="default: ap-northeast-1")
