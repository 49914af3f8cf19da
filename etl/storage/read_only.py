"""A session that only reads: an analyst looks into a deployed stage, and nothing of it can be changed by accident.

``ETL_READ_ONLY=1`` in the environment makes it one. Then each client of `etl.storage.aws` refuses every request that is
not known to read, whichever function makes it. Clients that somebody makes without `etl.storage.aws` are not held back:
what they may do is up to the credentials.
"""

from __future__ import annotations

import os
from typing import Any

from etl.errors import ReadOnlyError

VARIABLE = "ETL_READ_ONLY"
# how AWS names the operations of S3, DynamoDB, CloudFormation and Step Functions that change nothing
_READING = ("Get", "Head", "List", "Describe", "Scan", "Query", "BatchGet")


def is_read_only() -> bool:
    """Tell whether this process must not write; any value but an empty one and 0 says so."""
    return os.environ.get(VARIABLE, "") not in ("", "0")


def require_writable(where: str) -> None:
    """Refuse to write in a session that only reads.

    Parameters
    ----------
    where
        The object, such as ``s3://bucket/key``, for the message.

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
    """Make a boto3 client refuse what does not read, before it sends anything."""
    client.meta.events.register_first("before-parameter-build", _refuse_to_write)


def _refuse_to_write(params: dict[str, Any], model: Any, **_more: object) -> None:
    if not model.name.startswith(_READING):
        names = [params[name] for name in ("Bucket", "Key", "TableName") if isinstance(params.get(name), str)]
        require_writable(f"{model.service_model.service_name} {model.name} {'/'.join(names)}".rstrip())
