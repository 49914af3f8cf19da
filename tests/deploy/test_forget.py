"""One person's data are shown, and removed only when asked; nobody else's row changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest

import forget
from etl.runs.provenance import ROOT
from etl.storage.aws import client
from local_aws import EmbeddedAws, deploy_service
from stages.access import StageError

pytestmark = pytest.mark.functional

STAGE = "forgetful"
DAY, RUN = "devices_operation_history_data/20210323.csv", "runs/20210323/run-1/"
HISTORY = """\
device_id,timestamp,power,user_id,type
a,1616506124,on,user_1,TV
b,1616506125,on,user_10,TV
'=c,1616506126,off,user_1,"x,y"
"""
REWRITTEN = """\
device_id,timestamp,power,user_id,type
a,1616506124,on,,
b,1616506125,on,user_10,TV
'=c,1616506126,off,,
"""


class Stage(NamedTuple):
    """A stage with the data of two people."""

    bucket: str
    table: str


@pytest.fixture
def stage(embedded_aws: EmbeddedAws) -> Stage:
    """Return a stage in which two versions of a day, two runs and three items have data."""
    outputs = deploy_service(embedded_aws, ROOT / "serverless-resources.yml", stage=STAGE).outputs
    stage = Stage(outputs["DataAnalyticsBucketName"], outputs["DevicesTableName"])
    s3, dynamodb = client("s3"), client("dynamodb")
    s3.put_bucket_versioning(Bucket=stage.bucket, VersioningConfiguration={"Status": "Enabled"})
    for user, device in (("user_1", "a"), ("user_1", "=c"), ("user_10", "b")):
        dynamodb.put_item(TableName=stage.table, Item={"user_id": {"S": user}, "device_id": {"S": device}})
    metadata = {"execution": "run-1", "sha256": "old", "manifest": f"{RUN}manifest.json"}
    for body in ("device_id,timestamp,power,user_id,type\nz,1,on,user_1,\n", HISTORY):
        s3.put_object(Bucket=stage.bucket, Key=DAY, Body=body.encode(), Metadata=metadata)
    files = {
        f"{RUN}history.csv": HISTORY.encode(),
        f"{RUN}manifest.json": b'{"n": 3}',
        "runs/20210323/run-2/join.json": b'["user_10", "xuser_1"]',
    }
    for key, content in files.items():
        s3.put_object(Bucket=stage.bucket, Key=key, Body=content, IfNoneMatch="*")
    return stage


@pytest.fixture(autouse=True)
def _emptied(stage: Stage) -> Any:
    """Empty the bucket after each test."""
    yield
    s3 = client("s3")
    for entry in s3.list_object_versions(Bucket=stage.bucket).get("Versions", []):
        s3.delete_object(Bucket=stage.bucket, Key=entry["Key"], VersionId=entry["VersionId"])


def contents(stage: Stage) -> list[tuple[str, str]]:
    """Return key and content of every version in the bucket."""
    s3 = client("s3")
    entries = s3.list_object_versions(Bucket=stage.bucket).get("Versions", [])
    return sorted(
        (
            entry["Key"],
            s3.get_object(Bucket=stage.bucket, Key=entry["Key"], VersionId=entry["VersionId"])["Body"].read().decode(),
        )
        for entry in entries
    )


def items(stage: Stage) -> list[str]:
    """Return the owners in the device table."""
    return sorted(item["user_id"]["S"] for item in client("dynamodb").scan(TableName=stage.table)["Items"])


def test_without_remove_nothing_is_changed(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """Shows each item and each version that contains the id, and what would be done with it."""
    before = contents(stage), items(stage)
    assert forget.main(["--stage", STAGE, "--user", "user_1"]) == 0
    assert (contents(stage), items(stage)) == before
    shown = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in shown] == ["item", "item", "rewrite", "delete", "delete", "Nothing"]
    assert f"s3://{stage.bucket}/{RUN}history.csv" in shown[4]
    assert shown[-1] == "Nothing was removed; remove it for good with --remove."


def test_with_remove_one_persons_data_are_gone(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """No version has the id; the rows of the day stay, without owner; a second call finds nothing."""
    assert forget.main(["--stage", STAGE, "--user", "user_1", "--remove"]) == 0
    assert contents(stage) == [
        (DAY, REWRITTEN),
        (f"{RUN}manifest.json", '{"n": 3}'),
        ("runs/20210323/run-2/join.json", '["user_10", "xuser_1"]'),
    ]
    assert items(stage) == ["user_10"]
    metadata = client("s3").head_object(Bucket=stage.bucket, Key=DAY)["Metadata"]
    assert metadata["execution"] == "run-1"
    assert metadata["sha256"] == forget.hashlib.sha256(REWRITTEN.encode()).hexdigest()
    capsys.readouterr()
    assert forget.main(["--stage", STAGE, "--user", "user_1"]) == 0
    assert capsys.readouterr().out == "Nothing was removed; remove it for good with --remove.\n"


def test_a_file_that_is_no_history_stays(stage: Stage) -> None:
    """A CSV that this project did not write is not rewritten, and not deleted."""
    s3 = client("s3")
    s3.put_object(Bucket=stage.bucket, Key=DAY, Body=b"user_id\r\nuser_1\r\n")
    (version, *_others) = forget.versions_with(s3, stage.bucket, DAY, forget.id_pattern("user_1"))
    with pytest.raises(StageError, match="no history of this project"):
        forget.rewrite(s3, stage.bucket, version, "user_1")
    assert s3.get_object(Bucket=stage.bucket, Key=DAY)["Body"].read() == b"user_id\r\nuser_1\r\n"


@pytest.mark.parametrize(
    ("text", "has_it"),
    [
        ("山田", True),
        ('{"owner": "\\u5c71\\u7530"}', True),
        ('{"source": "\\"\\\\u5c71\\\\u7530\\""}', True),
        ("山本", False),
    ],
)
def test_an_id_is_found_however_it_is_escaped(text: str, *, has_it: bool) -> None:
    """As text, as JSON escapes it, and as a notebook escapes JSON."""
    assert bool(forget.id_pattern("山田").search(text.encode())) == has_it


def test_the_page_names_every_place() -> None:
    """Both prefixes that are searched are in docs/personal-data.md."""
    page = Path(ROOT / "docs" / "personal-data.md").read_text(encoding="utf-8")
    assert forget.PUBLISHED in page
    assert forget.RUNS in page
