"""Read-only sessions: an analyst looks into a deployed stage, and changes nothing of it by accident.

With ``ETL_READ_ONLY=1`` in the environment, each client of `etl.storage.aws` refuses every request that is not known to
read. Clients made without `etl.storage.aws` are not restricted: their credentials decide.
"""

from __future__ import annotations

import os
from typing import Any

from etl.errors import ReadOnlyError

VARIABLE = "ETL_READ_ONLY"
# how the operations of S3, DynamoDB, CloudFormation and Step Functions that change nothing begin
_READING = ("Get", "Head", "List", "Describe", "Scan", "Query", "BatchGet")


def is_read_only() -> bool:
    """Tell whether this process must not write: ``ETL_READ_ONLY`` is set, and neither empty nor 0."""
    return os.environ.get(VARIABLE, "") not in ("", "0")


def require_writable(where: str) -> None:
    """Refuse to write in a read-only session.

    Parameters
    ----------
    where
        The resource, such as ``s3://bucket/key``, for the message.

    Raises
    ------
    ReadOnlyError
        ``ETL_READ_ONLY`` is set.
    """
    if is_read_only():
        raise ReadOnlyError(
            f"{where}, write: this session only looks; found {VARIABLE}={os.environ[VARIABLE]}; expected nothing to be "
            "written. What the cells before showed holds; to write, run the notebook on your own copy of the input "
            "('etl lab --raw FILE --devices FILE')."
        )


def guard(client: Any) -> None:
    """Make a boto3 client refuse every operation that may write, before it sends the request."""
    client.meta.events.register_first("before-parameter-build", _refuse_to_write)


def _refuse_to_write(params: dict[str, Any], model: Any, **_more: object) -> None:
    if not model.name.startswith(_READING):
        names = [params[name] for name in ("Bucket", "Key", "TableName") if isinstance(params.get(name), str)]
        require_writable(f"{model.service_model.service_name} {model.name} {'/'.join(names)}".rstrip())
