"""The commands with which a deployed stage is loaded, run and rolled back."""

from __future__ import annotations

from typing import Any

import pytest

import rollback
import set_sample_data
import stage
from etl.cli.local_pipeline import LocalPipeline, deploy
from etl.cli.sample import SAMPLE_DEVICES, SAMPLE_RAW
from etl.storage.devices_file import read_devices_file
from local_aws import EmbeddedAws
from stages.access import StageError

pytestmark = [pytest.mark.functional, pytest.mark.notebook]

STAGE = "operated"
KEY = "devices_operation_history_data/20210323.csv"


@pytest.fixture(scope="module")
def pipeline(embedded_aws: EmbeddedAws) -> LocalPipeline:
    """Return a deployed stage without any data."""
    pipeline = deploy(embedded_aws, stage=STAGE)
    # deploy_service makes buckets without their properties
    versioning = {"Status": "Enabled"}
    embedded_aws.client("s3").put_bucket_versioning(
        Bucket=pipeline.analytics_bucket_name, VersioningConfiguration=versioning
    )
    return pipeline


def raw_of(pipeline: LocalPipeline) -> bytes:
    """Return the stage's raw file."""
    s3 = pipeline.aws.client("s3")
    body: bytes = s3.get_object(Bucket=pipeline.raw_bucket_name, Key=SAMPLE_RAW.name)["Body"].read()
    return body


def make_invoke(monkeypatch: pytest.MonkeyPatch, data: str) -> int:
    """Call what ``make invoke`` calls."""
    monkeypatch.setattr("sys.argv", ["stage.py", "invoke", "--stage", STAGE, "--data", data])
    return stage.main()


def test_the_sample_replaces_no_other_raw_file_unasked(
    pipeline: LocalPipeline, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither without a terminal nor by another answer than *replace*; the device table is not written either."""
    s3 = pipeline.aws.client("s3")
    s3.put_object(Bucket=pipeline.raw_bucket_name, Key=SAMPLE_RAW.name, Body=b"last night's")
    assert set_sample_data.main(["--stage", STAGE]) == 1
    assert (
        "another raw file lies there; found 12 bytes; expected none. Replace it with --replace."
        in capsys.readouterr().err
    )
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _question: "y")
    with pytest.raises(StageError, match="not replaced; nothing was written"):
        set_sample_data.load(STAGE, pipeline.aws.region)
    assert raw_of(pipeline) == b"last night's"
    assert pipeline.aws.client("dynamodb").scan(TableName=pipeline.devices_table_name)["Count"] == 0


def test_the_sample_is_loaded_where_nothing_lies(pipeline: LocalPipeline, capsys: pytest.CaptureFixture[str]) -> None:
    """A second time is no fault: the raw file is the sample already."""
    pipeline.aws.client("s3").delete_object(Bucket=pipeline.raw_bucket_name, Key=SAMPLE_RAW.name)
    assert set_sample_data.main(["--stage", STAGE]) == 0
    assert set_sample_data.main(["--stage", STAGE]) == 0
    assert f"set_sample_data: stage {STAGE}, account 123456789012" in capsys.readouterr().out
    assert raw_of(pipeline) == SAMPLE_RAW.read_bytes()


def test_another_raw_file_is_replaced_when_asked(pipeline: LocalPipeline) -> None:
    """The option says so, for scripts."""
    s3 = pipeline.aws.client("s3")
    s3.put_object(Bucket=pipeline.raw_bucket_name, Key=SAMPLE_RAW.name, Body=b"last night's")
    assert set_sample_data.main(["--stage", STAGE, "--replace"]) == 0
    assert raw_of(pipeline) == SAMPLE_RAW.read_bytes()


@pytest.mark.slow
def test_invoke_prints_the_answer_and_the_folder_of_the_notebooks(
    pipeline: LocalPipeline, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 0 after SUCCEEDED, with the output as the state machine gave it."""
    with SAMPLE_RAW.open("rb") as raw:
        pipeline.load(raw=raw, s3_object_key=SAMPLE_RAW.name, devices=read_devices_file(SAMPLE_DEVICES))
    assert make_invoke(monkeypatch, '{"run_date": "2021-03-23"}') == 0
    printed = capsys.readouterr().out
    assert "\nstatus: SUCCEEDED\n" in printed
    assert '"result": "Success."' in printed
    folder = next(line for line in printed.splitlines() if line.startswith("notebooks: "))
    prefix = folder.removeprefix(f"notebooks: s3://{pipeline.analytics_bucket_name}/")
    assert prefix.startswith("runs/20210323/by-hand-")
    listed = pipeline.aws.client("s3").list_objects_v2(Bucket=pipeline.analytics_bucket_name, Prefix=prefix)
    names = [item["Key"].removeprefix(prefix) for item in listed["Contents"]]
    assert {"01_load.ipynb", "02_join.ipynb", "03_checks.ipynb"} <= set(names)


@pytest.mark.slow
def test_invoke_fails_where_the_execution_fails(
    pipeline: LocalPipeline, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1, with the error's name, its cause, and where the notebook lies."""
    pipeline.aws.client("s3").put_object(Bucket=pipeline.raw_bucket_name, Key="broken.json", Body=b'{"data": [')
    assert make_invoke(monkeypatch, '{"run_date": "2021-03-22", "s3_object_key": "broken.json"}') == 1
    printed = capsys.readouterr()
    assert "\nstatus: FAILED\n" in printed.out
    assert "runs/20210322/by-hand-" in printed.out
    assert printed.err.startswith("make invoke: the execution ended as FAILED: RawFileError: ")


def test_invoke_refuses_an_input_that_is_no_object(
    pipeline: LocalPipeline, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is started."""
    del pipeline
    assert make_invoke(monkeypatch, "2021-03-23") == 1
    assert capsys.readouterr().err.startswith("make invoke: DATA=2021-03-23: no JSON object; expected one")


def test_a_published_day_is_listed_and_rolled_back(pipeline: LocalPipeline, capsys: pytest.CaptureFixture[str]) -> None:
    """The list has version, date, run and digest of each; the current one has a star."""
    s3, key = pipeline.aws.client("s3"), KEY.replace("23", "24")
    versions = [
        s3.put_object(
            Bucket=pipeline.analytics_bucket_name,
            Key=key,
            Body=execution.encode(),
            Metadata={"execution": execution, "sha256": f"digest-{execution}", "manifest": "m"},
        )["VersionId"]
        for execution in ("run-1", "run-2")
    ]
    assert rollback.main(["--stage", STAGE, "--day", "20210324"]) == 0
    address, newest, oldest, *_rest, command = capsys.readouterr().out.splitlines()
    assert address == f"s3://{pipeline.analytics_bucket_name}/{key}"
    assert newest.startswith(f"* {versions[1]}  20")
    assert newest.endswith("Z  5 bytes  run run-2  sha256 digest-run-2")
    assert oldest.startswith(f"  {versions[0]}  20")
    assert command == f"  make rollback STAGE={STAGE} REGION={pipeline.aws.region} DAY=20210324 VERSION=..."
    assert rollback.main(["--stage", STAGE, "--day", "20210324", "--version", versions[0]]) == 0
    assert "Published again, as a new version:" in capsys.readouterr().out
    assert s3.get_object(Bucket=pipeline.analytics_bucket_name, Key=key)["Body"].read() == b"run-1"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ([], "no day; expected its date, as in 'make rollback STAGE=dev DAY=20210323'."),
        (["--day", "tomorrow"], "'tomorrow'"),
        (["--day", "19990101"], "the day was never published"),
    ],
)
def test_a_rollback_of_no_day_is_refused(
    pipeline: LocalPipeline, capsys: pytest.CaptureFixture[str], options: list[str], reason: Any
) -> None:
    """Each says what was expected."""
    del pipeline
    assert rollback.main(["--stage", STAGE, *options]) == 1
    assert reason in capsys.readouterr().err
