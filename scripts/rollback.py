"""List the versions of a published day, or publish an earlier one of them again.

Needs s3:ListBucketVersions on the analytics bucket, and s3:GetObject, s3:GetObjectVersion and s3:PutObject on its
devices_operation_history_data/.
"""

from __future__ import annotations

import argparse
import sys

from etl.contract.run_date import RunDate
from etl.errors import EtlError
from etl.runs.layout import published_key
from etl.storage.published_versions import PublishedVersion, published_versions, roll_back
from etl.storage.stage_resources import stage_resources
from stages.access import StageError, add_stage_options, confirm_account, sign_in


def main(arguments: list[str] | None = None) -> int:
    """List, or roll back; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_stage_options(parser)
    parser.add_argument("--day", default="", help="run date of the published history, YYYYMMDD")
    parser.add_argument("--version", help="which version is published again; without it, the versions are listed")
    options = parser.parse_args(arguments)
    try:
        _run(options)
    except (StageError, EtlError) as error:
        print(f"make rollback: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _run(options: argparse.Namespace) -> None:
    """Check stage, day and credentials, then list or roll back; listing needs no confirmation."""
    if not options.day:
        raise StageError("no day; expected its date, as in 'make rollback STAGE=dev DAY=20210323'.")
    access = sign_in(options.stage, options.region, action="rollback")
    day = RunDate.parse(options.day, allow_compact=True)
    key = published_key(day)
    if options.version:
        confirm_account(access, "rollback", account=options.account)
    bucket = stage_resources(options.stage).analytics_bucket_name
    print(f"s3://{bucket}/{key}")
    if options.version:
        print(f"Published again, as a new version:\n{_line(roll_back(bucket, key, options.version))}")
    else:
        print(*map(_line, published_versions(bucket, key)), sep="\n")
        command = f"make rollback STAGE={options.stage} REGION={options.region} DAY={day.compact} VERSION=..."
        print(f"* is what people read. Publish another one again:\n  {command}")


def _line(version: PublishedVersion) -> str:
    mark = "*" if version.is_current else " "
    execution, sha256 = (version.metadata.get(name, "unknown") for name in ("execution", "sha256"))
    at = f"{version.published_at:%Y-%m-%dT%H:%M:%SZ}"
    return f"{mark} {version.version_id}  {at}  {version.n_bytes:,} bytes  run {execution}  sha256 {sha256}"


if __name__ == "__main__":
    sys.exit(main())
