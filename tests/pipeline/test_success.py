"""The whole pipeline on sound input: real state machine, real functions, real kernels."""

import contextlib
import json
import subprocess
import sys
from zoneinfo import ZoneInfo

import psutil
import pytest

from etl.runs.provenance import ROOT
from lambda_wrappers.parameters import declared_parameters

pytestmark = [pytest.mark.functional, pytest.mark.notebook, pytest.mark.slow]

# the cells whose outputs say nothing of when they were run, or of what is published already
CELLS = {
    "01_load.ipynb": ["look", "preview", "result"],
    "02_join.ipynb": ["raw", "quarantine", "devices", "rule", "join", "rows", "unmatched", "write", "report"],
    "03_checks.ipynb": ["read", "reconciliation", "checks", "events", "plot", "manifest", "result"],
}
REFERENCE = """\
device_id,timestamp,power,user_id,type
device_u33nk7yy,1616506124,on,user_0001,TV
device_m6mww3ss,1616506165,on,user_0001,エアコン
device_u33nk7yy,1616506185,off,user_0001,TV
device_sd7ubc8s,1616506197,off,user_0002,TV
""".encode()


def test_the_sample_gives_the_reference_case(stage):
    """Every state in turn, the CSV byte for byte, everything of the run in its folder, nobody disturbed."""
    run = stage.run()
    assert run.outcome.succeeded, run.outcome
    assert run.states == ["LoadFile", "FileExists", "DataJoin", "CheckOutput", "Publish"]
    assert run.outcome.output["result"] == "Success."
    assert run.outcome.output["rows"]["written"] == 4
    published = run.outcome.output["output"]["published_key"]
    assert published == "devices_operation_history_data/20210323.csv"
    assert stage.body(published) == REFERENCE
    folder = f"runs/20210323/{run.name}/"
    left = ["01_load.ipynb", "02_join.ipynb", "03_checks.ipynb", "history.csv", "join.json", "manifest.json"]
    left += ["report.html"]
    assert stage.list_keys(folder) == [folder + name for name in left]
    assert stage.messages() == []


def test_the_published_file_names_its_run(stage):
    """Who follows the metadata finds the run, its manifest and the same SHA-256."""
    run = stage.run()
    assert run.states[-1] == "Publish"
    s3 = stage.pipeline.aws.client("s3")
    bucket = stage.pipeline.analytics_bucket_name
    published = s3.head_object(Bucket=bucket, Key=run.outcome.output["output"]["published_key"])
    metadata = published["Metadata"]
    assert metadata["execution"] == run.name
    assert published["ContentType"] == "text/csv; charset=utf-8"
    manifest = json.loads(stage.body(metadata["manifest"]))
    assert manifest["output"]["sha256"] == metadata["sha256"]
    assert manifest["parameters"]["execution"] == run.name
    assert manifest["rows"] == run.outcome.output["rows"]
    assert set(manifest["seconds"]) == {"01_load", "02_join"}


def test_the_executed_notebooks_show_what_the_committed_ones_show(stage):
    """The pipeline runs the very notebooks, so the sample's tables are the same to the character."""
    run = stage.run()
    committed = json.loads((ROOT / "notebooks" / "02_join.ipynb").read_text(encoding="utf-8"))["cells"]
    executed = {cell.id: cell for cell in run.executed("02_join.ipynb").cells}
    compared = ["quarantine", "devices", "rule", "join", "rows", "unmatched"]
    shown = {cell["id"]: cell["outputs"][0]["data"] for cell in committed if cell["id"] in compared}
    assert set(shown) == set(compared)
    for cell_id, data in shown.items():
        assert executed[cell_id].outputs[0].data["text/plain"] == "".join(data["text/plain"])


@pytest.mark.exhaustive
def test_the_notebooks_run_again_by_hand_on_the_same_run(stage, tmp_path):
    """Plain papermill, as JupyterLab's Run All, meets the run's own objects and finds nothing to overwrite."""
    run = stage.run()
    before = {key: stage.body(key) for key in stage.list_keys("runs/")}
    names = {
        "raw_bucket_name": stage.pipeline.raw_bucket_name,
        "analytics_bucket_name": stage.pipeline.analytics_bucket_name,
        "devices_table_name": stage.pipeline.devices_table_name,
        "execution": run.name,
    }
    for notebook in ("01_load.ipynb", "02_join.ipynb", "03_checks.ipynb"):
        source = ROOT / "notebooks" / notebook
        declared = {parameter.name for parameter in declared_parameters(source)}
        parameters = [word for name, value in names.items() if name in declared for word in ("-p", name, value)]
        command = [sys.executable, "-m", "papermill", str(source), str(tmp_path / notebook), *parameters]
        answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
        assert answer.returncode == 0, answer.stderr
    assert {key: stage.body(key) for key in stage.list_keys("runs/")} == before


def outputs(run, notebook):
    """Return what each cell of an executed notebook shows, the names of the stage and the run left out."""
    stage = run.stage.pipeline.state_machine_arn.rsplit("-", 1)[1]
    shown = {cell["id"]: cell.get("outputs") for cell in run.executed(notebook).cells if cell["id"] in CELLS[notebook]}
    return json.loads(json.dumps(shown).replace(stage, "STAGE").replace(run.name, "RUN"))


def functions_with_zygotes(stage):
    """Return the names of a stage's functions that have a zygote, the process that kernels are forked from."""
    names = set()
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # a kernel that has just ended
            if any("zygote_process" in word for word in process.cmdline()):
                names.add(process.environ().get("AWS_LAMBDA_FUNCTION_NAME", "a zygote of this process"))
    return {name for name in names if stage.pipeline.state_machine_arn.rsplit("-", 1)[1] in name.split("-")}


def test_stock_kernels_show_the_same(stage, stage_with, monkeypatch):
    """WARM_KERNELS=off in the shell gives the functions stock kernels, in which every cell shows the same."""
    warm = stage.run(run_date="2021-03-23")
    assert len(functions_with_zygotes(stage)) == 3
    monkeypatch.setenv("WARM_KERNELS", "off")
    stock = stage_with().run()
    assert warm.outcome.succeeded
    assert stock.outcome.succeeded
    assert functions_with_zygotes(stock.stage) == set()
    for notebook in CELLS:
        shown = outputs(warm, notebook)
        assert len(shown) >= 3
        assert shown == outputs(stock, notebook)


def test_a_missing_raw_file_ends_well(stage):
    """No file is not a failure: the execution succeeds, says so, and publishes nothing."""
    run = stage.run(s3_object_key="not-there.json", run_date="2021-03-24")
    assert run.outcome.succeeded
    assert run.states == ["LoadFile", "FileExists", "NoFile"]
    assert run.outcome.output == {"result": "No file."}
    assert stage.list_keys("devices_operation_history_data/20210324") == []
    assert stage.messages() == []


def test_an_empty_day_is_published_as_a_header(stage):
    """No events are no error, but worth a warning."""
    stage.put_raw(b'{"data": []}', "empty.json")
    run = stage.run(s3_object_key="empty.json", run_date="2021-03-25")
    assert run.outcome.succeeded, run.outcome
    assert stage.body("devices_operation_history_data/20210325.csv") == REFERENCE.splitlines(keepends=True)[0]
    manifest = json.loads(stage.body(f"runs/20210325/{run.name}/manifest.json"))
    assert [c["name"] for c in manifest["checks"] if not c["passed"]] == ["events"]


def test_a_few_bad_records_go_to_quarantine(stage):
    """One in twenty is set aside with its reason, and the rest goes on."""
    good = '{"device_id": "device_u33nk7yy", "timestamp": "1616506124", "power": "on"}\n'
    stage.put_raw((good * 19 + '{"device_id": "device_u33nk7yy", "power": "on"}\n').encode(), "dirty.jsonl")
    run = stage.run(s3_object_key="dirty.jsonl", run_date="2021-03-26")
    assert run.outcome.succeeded, run.outcome
    rows = run.outcome.output["rows"]
    assert (rows["read"], rows["valid"], rows["quarantined"], rows["written"]) == (20, 19, 1, 19)
    (line,) = stage.body(f"runs/20210326/{run.name}/quarantine.jsonl").decode().splitlines()
    assert json.loads(line)["field"] == "timestamp"


def test_without_a_run_date_the_run_has_that_of_its_start(stage):
    """The date is that of the execution's start in the configured time zone."""
    run = stage.run(s3_object_key="not-there.json", run_date=None)
    execution_arn = stage.pipeline.state_machine_arn.replace(":stateMachine:", ":execution:") + f":{run.name}"
    started = stage.pipeline.aws.client("stepfunctions").describe_execution(executionArn=execution_arn)["startDate"]
    tokyo = started.astimezone(ZoneInfo("Asia/Tokyo"))
    assert stage.list_keys(f"runs/{tokyo:%Y%m%d}/{run.name}/")
