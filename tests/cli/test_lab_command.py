"""``etl lab`` on own files, on past runs and on a deployed stage: everything but JupyterLab itself.

JupyterLab, and *Run All* in it, is in ``tests/browser/test_lab.py``.
"""

import io
import json
import os
import signal
import subprocess
import sys
import time

import nbformat
import psutil
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from etl.cli import lab_command
from etl.cli.local_pipeline import deploy
from etl.cli.main import main
from etl.cli.sample import SAMPLE_DEVICES, load_sample
from etl.runs.input_record import make_input_record, write_input_record
from etl.runs.notebook_parameters import with_parameters
from etl.runs.provenance import ROOT
from etl.storage import object_store

pytestmark = [pytest.mark.functional, pytest.mark.notebook, pytest.mark.slow, pytest.mark.exhaustive]


def executed(path):
    """Execute a notebook in this process's environment, as JupyterLab would; return outputs by cell, and the error."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}})
    error = None
    try:
        client.execute()
    except CellExecutionError as raised:
        error = f"{raised.ename}: {raised.evalue}"
    return {cell.id: json.dumps(cell.get("outputs", []), ensure_ascii=False) for cell in notebook.cells}, error


@pytest.fixture
def served(monkeypatch):
    """Return the calls of JupyterLab, and a list for the notebooks that are executed in its place."""
    calls, execute = [], []

    def serve(folder, notebook, *, browser):
        calls.append((folder, notebook, browser, {name: executed(folder / name) for name in execute}))
        return 0

    monkeypatch.setattr(lab_command, "serve", serve)
    return calls, execute


def committed():
    """Return the bytes of the committed notebooks."""
    return {path.name: path.read_bytes() for path in (ROOT / "notebooks").glob("*.ipynb")}


def test_own_files_are_run_once_and_opened(served, tmp_path, capsys):
    """Opens copies that stay and work on these files, with their key and date."""
    calls, execute = served
    execute += ["explore.ipynb"]
    (tmp_path / "mine.json").write_text(
        '{"data": [{"device_id": "boiler", "timestamp": "1709164800", "power": "on"},'
        '{"device_id": "Stove", "timestamp": "1709164801", "power": "on"}]}',
        encoding="utf-8",
    )
    (tmp_path / "devices.json").write_text(
        '[{"user_id": "ann", "device_id": "boiler", "type": "湯沸器"}, {"user_id": "bob", "device_id": "stove"}]',
        encoding="utf-8",
    )
    before = committed()
    options = ["--raw", str(tmp_path / "mine.json"), "--devices", str(tmp_path / "devices.json")]
    assert main(["lab", *options, "--run-date", "2024-02-29", "--out", str(tmp_path / "out"), "--no-browser"]) == 0
    ((folder, notebook, browser, results),) = calls
    assert (notebook, browser) == ("03_checks.ipynb", False)
    outputs, error = results["explore.ipynb"]
    assert error is None
    assert "湯沸器" in outputs["looks"]
    assert "differs in case" in outputs["why"]
    # the notebooks that the run executed have their outputs
    assert "ann" in (folder / "02_join.ipynb").read_text(encoding="utf-8")
    assert committed() == before
    shown = capsys.readouterr().out
    assert f"Your notebooks are in {tmp_path}/out/lab/20240229-run-" in shown


def run_notebooks(**parameters):
    """Return the notebooks of a run that failed in its join, with the parameters that papermill writes into them."""
    found = {}
    for name in ("01_load.ipynb", "02_join.ipynb"):
        document = json.loads(with_parameters((ROOT / "notebooks" / name).read_bytes(), parameters))
        document["metadata"]["papermill"] = {"parameters": parameters}
        found[name] = json.dumps(document).encode()
    return found


@pytest.fixture
def past_run(tmp_path):
    """Return a folder with a run of ``etl run`` that failed in its join, and the raw file on which it failed."""
    (tmp_path / "bad.json").write_text('{"data": [{"device_id": "d"', encoding="utf-8")
    folder = tmp_path / "out" / "runs" / "20210323" / "night"
    folder.mkdir(parents=True)
    for name, content in run_notebooks(s3_object_key="bad.json", run_date="2021-03-23", execution="night").items():
        (folder / name).write_bytes(content)
    write_input_record(folder, make_input_record(raw=tmp_path / "bad.json", devices=SAMPLE_DEVICES))
    return tmp_path


def test_a_past_run_fails_again_where_it_failed(served, past_run, capsys):
    """Runs on its own input, which may have been moved, and refuses any other."""
    calls, execute = served
    execute += ["02_join.ipynb"]
    (past_run / "bad.json").rename(past_run / "moved.json")
    options = ["lab", "--run", "20210323", "--out", str(past_run / "out"), "--no-browser"]
    assert main([*options]) == 1
    assert "bad.json: gone; the run read 27 bytes" in capsys.readouterr().err
    assert main([*options, "--raw", str(past_run / "moved.json"), "--devices", str(SAMPLE_DEVICES)]) == 0
    ((folder, notebook, _browser, results),) = calls
    assert notebook == "02_join.ipynb"
    _outputs, error = results["02_join.ipynb"]
    assert error.startswith("RawFileError: s3://devices-raw-data-local-123456789012-ap-northeast-1/bad.json: byte 27")
    assert {path.name for path in folder.iterdir()} == set(committed())
    assert "Run 2021-03-23, execution night\n" in capsys.readouterr().out


@pytest.fixture(scope="module")
def stage(embedded_aws):
    """Return a deployed stage with the sample, and a run that failed in its join."""
    made = deploy(embedded_aws, stage="lookedat")
    load_sample(made)
    notebooks = run_notebooks(
        raw_bucket_name=made.raw_bucket_name,
        analytics_bucket_name=made.analytics_bucket_name,
        devices_table_name=made.devices_table_name,
        run_date="2021-03-23",
        execution="nightly",
    )
    for name, content in notebooks.items():
        object_store.put(
            made.analytics_bucket_name, f"runs/20210323/nightly/{name}", io.BytesIO(content), only_if_absent=True
        )
    return made


def test_a_run_of_a_stage_can_be_looked_at_and_not_changed(served, stage, tmp_path, monkeypatch, capsys):
    """Reads from the stage in copies; a cell that writes fails with ReadOnlyError, and the stage does not change."""
    calls, execute = served
    execute += ["explore.ipynb", "02_join.ipynb"]
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    names = {stage.analytics_bucket_name, stage.raw_bucket_name}
    before = {name: object_store.list_modified(name, "") for name in names}
    options = ["--run", "20210323", "--stage", "lookedat", "--out", str(tmp_path / "out"), "--no-browser"]
    assert main(["lab", *options]) == 0
    ((folder, notebook, _browser, results),) = calls
    assert (folder.name, notebook) == ("lookedat-20210323-nightly", "02_join.ipynb")
    outputs, error = results["explore.ipynb"]
    assert error is None
    assert "エアコン" in outputs["looks"]
    _outputs, error = results["02_join.ipynb"]
    assert error.startswith(f"ReadOnlyError: s3://{stage.analytics_bucket_name}/runs/20210323/nightly/")
    assert {name: object_store.list_modified(name, "") for name in names} == before
    assert "nothing of the stage is changed" in capsys.readouterr().out
    assert "ETL_READ_ONLY" not in os.environ


@pytest.mark.usefixtures("stage")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--run", "20210324"], "no run of 20210324; found 20210323; expected"),
        (["--run", "20210323", "--execution", "x"], "no execution 'x' of 20210323; found nightly; expected"),
    ],
)
def test_an_unknown_run_of_a_stage_lists_those_that_exist(served, tmp_path, capsys, options, message):
    """Prints one line, and makes no folder."""
    assert main(["lab", *options, "--stage", "lookedat", "--out", str(tmp_path / "out")]) == 1
    assert message in capsys.readouterr().err
    assert served[0] == []
    assert not (tmp_path / "out").exists()


def test_a_stage_that_does_not_exist_is_one_line(served, stage, tmp_path, capsys):
    """Prints the message of AWS in one line."""
    del stage
    assert main(["lab", "--run", "20210324", "--stage", "none", "--out", str(tmp_path / "out")]) == 1
    err = capsys.readouterr().err
    assert err.startswith("etl lab: AwsRequestError: stack device-operation-history-resources-none: ")
    assert err.count("\n") == 1
    assert served[0] == []


def test_a_polite_kill_while_it_starts_leaves_no_process(tmp_path):
    """Returns 130, as after Ctrl-C; the browser's test covers JupyterLab with open kernels."""
    process = subprocess.Popen(
        [sys.executable, "-m", "etl", "lab", "--no-browser"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline().startswith("Starting the embedded AWS")
    time.sleep(1.5)
    children = psutil.Process(process.pid).children(recursive=True)
    assert children
    process.send_signal(signal.SIGTERM)
    _out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err == "etl lab: interrupted; nothing was published, nothing is left running.\n"
    _gone, alive = psutil.wait_procs(children, timeout=5)
    assert alive == []
    assert not list(tmp_path.iterdir())
