"""Show, and with --remove remove, what a stage has stored under a person's user_id.

Removed for good: the person's items of the device table; every object of a run that contains the id; and so of the
earlier versions of published histories. Histories that people read keep their rows, with empty user_id and type.
docs/personal-data.md says what is not covered.
"""

from __future__ import annotations

import argparse
import hashlib
import html
import json
import re
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

from etl.contract.columns import HISTORY_COLUMNS
from etl.contract.history_csv import from_csv, to_csv
from etl.errors import EtlError
from etl.runs.layout import RUNS
from etl.storage.aws import aws_errors, client
from etl.storage.publication import CONTENT_TYPE
from etl.storage.stage_resources import stage_resources
from stages.access import StageError, add_stage_options, confirm_account, sign_in

PUBLISHED = "devices_operation_history_data/"
BOM = b"\xef\xbb\xbf"


class Version(NamedTuple):
    """A version of an object that contains the id."""

    key: str
    version_id: str
    is_current: bool


def main(arguments: list[str] | None = None) -> int:
    """Show, or remove; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_stage_options(parser)
    parser.add_argument("--user", required=True, help="the person's user_id, exactly")
    parser.add_argument("--remove", action="store_true", help="remove what is shown without it; cannot be undone")
    options = parser.parse_args(arguments)
    try:
        access = sign_in(options.stage, options.region, action="deploy")
        if options.remove:
            confirm_account(access, "forget, for good", account=options.account)
        resources = stage_resources(options.stage)
        with aws_errors(f"stage {options.stage}, forget"):
            forget_devices(resources.devices_table_name, options.user, remove=options.remove)
            forget_objects(resources.analytics_bucket_name, options.user, remove=options.remove)
    except (StageError, EtlError) as error:
        print(f"forget: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print("Removed for good." if options.remove else "Nothing was removed; remove it for good with --remove.")
    return 0


def forget_devices(table: str, user: str, *, remove: bool) -> None:
    """Print, or delete, the person's items of the device table; first, so that no later run joins them."""
    dynamodb = client("dynamodb")
    pages = dynamodb.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="user_id = :user",
        ExpressionAttributeValues={":user": {"S": user}},
        ConsistentRead=True,
    )
    for item in [item for page in pages for item in page["Items"]]:
        print(f"item     {table}: {item['device_id']['S']}")
        if remove:
            dynamodb.delete_item(TableName=table, Key={name: item[name] for name in ("user_id", "device_id")})


def forget_objects(bucket: str, user: str, *, remove: bool) -> None:
    """Print the versions that contain the id; rewrite current published histories, delete all others."""
    s3, pattern = client("s3"), id_pattern(user)
    for version in [*versions_with(s3, bucket, PUBLISHED, pattern), *versions_with(s3, bucket, RUNS, pattern)]:
        is_read = version.is_current and version.key.startswith(PUBLISHED)
        print(f"{'rewrite' if is_read else 'delete ':<8} s3://{bucket}/{version.key} {version.version_id}")
        if remove and is_read:
            rewrite(s3, bucket, version, user)
        if remove:
            s3.delete_object(Bucket=bucket, Key=version.key, VersionId=version.version_id)


def rewrite(s3: Any, bucket: str, version: Version, user: str) -> None:
    """Publish a history with empty user_id and type in the person's rows, if nobody published meanwhile.

    Raises
    ------
    StageError
        The history is not one that this project wrote; it stays as it is.
    """
    answer = s3.get_object(Bucket=bucket, Key=version.key, VersionId=version.version_id)
    body: bytes = answer["Body"].read()
    encoding = "utf-8-sig" if body.startswith(BOM) else "utf-8"
    history = from_csv(body)
    if list(history.columns) != HISTORY_COLUMNS or to_csv(history, encoding=encoding) != body:
        raise StageError(f"s3://{bucket}/{version.key}: no history of this project; rewrite it by hand, then go on.")
    # a cell that a spreadsheet would run has an apostrophe in front
    history.loc[history["user_id"].isin([user, f"'{user}"]), ["user_id", "type"]] = None
    content = to_csv(history, encoding=encoding)
    s3.put_object(
        Bucket=bucket,
        Key=version.key,
        Body=content,
        IfMatch=answer["ETag"],
        ContentType=CONTENT_TYPE,
        Metadata={**answer["Metadata"], "sha256": hashlib.sha256(content).hexdigest()},
    )


def versions_with(s3: Any, bucket: str, prefix: str, pattern: re.Pattern[bytes]) -> Iterator[Version]:
    """Yield each version below a prefix whose content matches; reads all of them, so a large bucket takes its time."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Versions", []):
            names = {"Key": entry["Key"], "VersionId": entry["VersionId"]}
            if pattern.search(s3.get_object(Bucket=bucket, **names)["Body"].read()):
                yield Version(entry["Key"], entry["VersionId"], entry["IsLatest"])


def id_pattern(user: str) -> re.Pattern[bytes]:
    """Return what an id looks like in the objects of a run: as text, and escaped as in JSON, notebooks and HTML.

    Examples
    --------
    >>> bool(id_pattern("user_1").search(b"x,user_1,TV")), bool(id_pattern("user_1").search(b"x,user_10,TV"))
    (True, False)
    """
    once = {user, json.dumps(user)[1:-1], html.escape(user)}
    texts = once | {json.dumps(text)[1:-1] for text in once}
    alternatives = b"|".join(re.escape(text.encode()) for text in sorted(texts))
    return re.compile(rb"(?<![0-9A-Za-z_-])(?:" + alternatives + rb")(?![0-9A-Za-z_-])")


if __name__ == "__main__":
    sys.exit(main())
