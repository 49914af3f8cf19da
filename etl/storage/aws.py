"""boto3 clients, and AWS's errors as ours."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, ProfileNotFound, TokenRetrievalError

from etl.errors import (
    AccessDeniedError,
    AwsRequestError,
    EtlError,
    InputChangedError,
    MissingBucketError,
    MissingObjectError,
    MissingTableError,
    ServiceUnavailableError,
    SettingsError,
    ThrottledError,
)
from etl.storage import read_only

# The account of every resource in the embedded AWS; AWS's documentation uses it for examples and gives it to nobody.
EMBEDDED_ACCOUNT = "123456789012"
_EMBEDDED_HOSTS = ("localhost", "127.0.0.1", "::1")

_MAX_REASON = 400  # characters; a refusal names the role, the action and, last, the resource

_BY_CODE: dict[str, type[EtlError]] = {
    "AccessDenied": AccessDeniedError,
    "AccessDeniedException": AccessDeniedError,
    "AuthorizationError": AccessDeniedError,  # SNS
    "403": AccessDeniedError,
    "NoSuchBucket": MissingBucketError,
    "NoSuchKey": MissingObjectError,
    "NoSuchVersion": MissingObjectError,
    "NoSuchUpload": MissingObjectError,
    "404": MissingObjectError,
    "ResourceNotFoundException": MissingTableError,
    "PreconditionFailed": InputChangedError,
    "412": InputChangedError,
    "ConditionalRequestConflict": ServiceUnavailableError,
    "OperationAborted": ServiceUnavailableError,
    "ProvisionedThroughputExceededException": ThrottledError,
    "RequestLimitExceeded": ThrottledError,
    "SlowDown": ThrottledError,
    "Throttling": ThrottledError,
    "ThrottlingException": ThrottledError,
    "TooManyRequestsException": ThrottledError,
}

_WHAT_TO_DO: dict[type[EtlError], str] = {
    AccessDeniedError: "Allow it in the role of this function, or check the credentials.",
    MissingBucketError: "Deploy serverless-resources.yml for this stage, or correct the bucket's name.",
    MissingObjectError: "Run the step that writes it first, or correct the key.",
    MissingTableError: "Deploy serverless-resources.yml for this stage, or correct the table's name.",
    InputChangedError: "The object was replaced meanwhile; start the run again.",
    ThrottledError: "Try again later.",
    ServiceUnavailableError: "Try again later.",
    AwsRequestError: "The message of AWS says why.",
}


def client(service: str) -> Any:
    """Return the process's client for `service`, with bounded waits and AWS's standard retries.

    In a read-only session (`etl.storage.read_only`) it refuses to write.
    """
    endpoints = frozenset(item for item in os.environ.items() if item[0].startswith("AWS_ENDPOINT_URL"))
    return _client(service, endpoints, only_reads=read_only.is_read_only())


@functools.cache
def _client(service: str, _endpoints: frozenset[tuple[str, str]], *, only_reads: bool) -> Any:
    """Make a client; boto3 reads the endpoints from the environment, so other endpoints need another client."""
    config = Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 4})
    service_client = boto3.client(service, config=config)
    if only_reads:
        read_only.guard(service_client)
    return service_client


def require_right_aws(resource_name: str, endpoint_url: str) -> None:
    """Refuse to look for a resource of the embedded AWS anywhere else, above all in a real account.

    Parameters
    ----------
    resource_name
        A bucket, table or stack.
    endpoint_url
        Where the client would send its requests.

    Raises
    ------
    SettingsError
        The name belongs to the embedded AWS, the endpoint does not.
    """
    is_embedded = EMBEDDED_ACCOUNT in resource_name or resource_name.endswith("-local")
    if is_embedded and urlsplit(endpoint_url).hostname not in _EMBEDDED_HOSTS:
        raise SettingsError(
            f"{resource_name}: this is a name of the embedded AWS, but AWS_ENDPOINT_URL does not lead there. "
            "Start it with 'make aws' and set the variables that it prints, or use 'make lab'."
        )


@contextmanager
def aws_errors(where: str) -> Iterator[None]:
    """Turn botocore's errors inside the block into ours; `where` names the resource and the operation.

    Raises
    ------
    EtlError
        The class for the error code; `AwsRequestError` for codes without one.
    """
    try:
        yield
    except ClientError as error:
        code = error.response["Error"].get("Code", "")
        status = error.response["ResponseMetadata"].get("HTTPStatusCode", 0)
        fallback = ServiceUnavailableError if status >= 500 else AwsRequestError  # noqa: PLR2004 - HTTP's server errors
        error_class = _BY_CODE.get(code, fallback)
        reason = error.response["Error"].get("Message", "")[:_MAX_REASON]
        raise error_class(f"{where}: {code or status} ({reason}). {_WHAT_TO_DO[error_class]}") from error
    except (NoCredentialsError, ProfileNotFound, TokenRetrievalError) as error:
        raise AccessDeniedError(f"{where}: AWS does not know you ({str(error)[:200]}). Set credentials.") from error
    except BotoCoreError as error:
        raise ServiceUnavailableError(f"{where}: no answer from AWS ({str(error)[:200]}). Try again later.") from error
