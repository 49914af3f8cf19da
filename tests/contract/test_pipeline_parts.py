"""What must agree between notebooks, handlers, serverless.yml and the state machine."""

import importlib
import json
import subprocess
import sys
import zipfile

import pytest

from etl.errors import TransientError, leaves
from etl.runs.provenance import ROOT
from etl.settings import VARIABLES
from lambda_wrappers import check_output, data_join, load_file, notify, publish
from lambda_wrappers.imports import imported_modules
from lambda_wrappers.parameters import check_parameters
from local_aws.cloudformation.yaml_files import read_yaml
from package import build_function
from warm_kernels.settings import SWITCH

SERVICE = read_yaml(ROOT / "serverless.yml")
RESOURCES = read_yaml(ROOT / "serverless-resources.yml")
NOTIFICATIONS = read_yaml(ROOT / "infrastructure" / "notifications.yml")
STATES = read_yaml(ROOT / "workflow" / "batch_state_machine.yml")["States"]
HANDLERS = {"load_file": load_file, "data_join": data_join, "check_output": check_output}
EVENTS = {
    "load_file": {"execution": "e", "started_at": "2021-03-22T15:00:00.000Z", "input": {}},
    "data_join": {
        "execution": "e",
        "file": {"bucket_name": "b", "s3_object_key": "k", "etag": "t", "bytes": 1, "run_date": "2021-03-23"},
    },
    "check_output": {"execution": "e", "run_date": "2021-03-23", "history_etag": "t", "file": {}},
}
ENVIRONMENT = dict.fromkeys(VARIABLES.values(), "x") | {
    "ETL_TIME_ZONE": "Asia/Tokyo",
    "ETL_MAX_QUARANTINE": "0.05",
    "ETL_CSV_ENCODING": "utf-8",
}


@pytest.fixture
def sent(monkeypatch):
    """Return a function that gives what a handler would send to the runner."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)

    def of(name, event):
        calls = []
        monkeypatch.setattr(HANDLERS[name], "run_notebook", lambda *a, **k: calls.append((a, k)))
        HANDLERS[name].handler(event, context=None)
        (((notebook, parameters), options),) = calls
        return notebook, parameters, options

    return of


@pytest.mark.parametrize("name", HANDLERS)
def test_the_preload_of_a_handler_holds_all_imports_of_its_notebook(name):
    """After the preload, the code of the notebook's only cell with imports imports no further module."""
    notebook = ROOT / "notebooks" / HANDLERS[name].NOTEBOOK
    cells = [cell for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    (code,) = [code for cell in cells if "import " in (code := "".join(cell["source"]))]
    preload = imported_modules(notebook)
    assert {"pandas", "etl.storage.object_store"} <= set(preload)
    look = f"import sys, {', '.join(preload)}; before = set(sys.modules)\n{code}\nprint(set(sys.modules) - before)"
    answer = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (answer.stdout, answer.stderr) == ("set()\n", "")


@pytest.mark.parametrize("name", HANDLERS)
def test_a_handler_sends_exactly_what_its_notebook_declares(name, sent):
    """Names and types; the executed notebook goes to the run's own folder."""
    notebook, parameters, options = sent(name, EVENTS[name])
    check_parameters(ROOT / "notebooks" / notebook, parameters)
    assert options["prefix"] == "runs/20210323/e/"


def test_the_notebooks_are_those_of_the_handlers():
    """No step without a notebook, and no notebook without a step but the one that is for people only."""
    notebooks = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
    assert sorted([*(handler.NOTEBOOK for handler in HANDLERS.values()), "explore.ipynb"]) == notebooks


def test_the_deployed_zip_holds_the_notebooks_of_the_handlers(tmp_path):
    """And no other."""
    build_function(tmp_path / "function.zip")
    with zipfile.ZipFile(tmp_path / "function.zip") as archive:
        names = sorted(name.removeprefix("notebooks/") for name in archive.namelist() if name.endswith(".ipynb"))
    assert names == sorted(handler.NOTEBOOK for handler in HANDLERS.values())


def test_at_tokyos_midnight_the_date_is_tokyos(sent):
    """The state machine's clock is UTC; a minute before 15:00 UTC it is still the day before."""
    event = EVENTS["load_file"] | {"started_at": "2021-03-22T14:59:59.999Z"}
    assert sent("load_file", EVENTS["load_file"])[1]["run_date"] == "2021-03-23"
    assert sent("load_file", event)[1]["run_date"] == "2021-03-22"


@pytest.mark.parametrize(
    ("scheduled_at", "run_date"), [("2021-03-22T14:59:59Z", "2021-03-22"), ("2021-03-22T15:00:00Z", "2021-03-23")]
)
def test_a_scheduled_run_has_the_date_of_its_schedule_in_tokyo(sent, scheduled_at, run_date):
    """Midnight in Tokyo is 15:00 UTC; a start that was retried two days later changes nothing."""
    event = {"execution": "e", "started_at": "2021-03-25T00:00:00.000Z", "input": {"scheduled_at": scheduled_at}}
    assert sent("load_file", event)[1]["run_date"] == run_date


def test_serverless_functions_lead_to_handlers():
    """Each function of serverless.yml is a handler, and the other way round; two have no notebook."""
    handlers = HANDLERS | {"publish": publish, "notify": notify}
    assert set(SERVICE["functions"]) == set(handlers)
    for name, function in SERVICE["functions"].items():
        module, attribute = function["handler"].replace("/", ".").rsplit(".", 1)
        assert getattr(importlib.import_module(module), attribute) is handlers[name].handler


def test_functions_get_exactly_the_variables_that_are_read():
    """Functions get the variables of the settings, of the provenance and of the kernels, and no others."""
    assert set(SERVICE["provider"]["environment"]) == {*VARIABLES.values(), "ETL_GIT_COMMIT", SWITCH}


def test_the_state_machine_invokes_exactly_the_functions():
    """Each task names a function of serverless.yml by its physical name."""
    invoked = [
        s["Parameters"]["FunctionName"] for s in STATES.values() if s.get("Resource", "").endswith("lambda:invoke")
    ]
    assert invoked == [f"${{self:service}}-${{sls:stage}}-{name}" for name in [*HANDLERS, "publish"]]


def test_the_states_keep_their_names():
    """Alarms, dashboards and people know them."""
    assert set(STATES) == {"LoadFile", "FileExists", "NoFile", "NoAnswer", "DataJoin", "CheckOutput", "Publish"}
    assert SERVICE["stepFunctions"]["stateMachines"]["BatchStateMachine"]["id"] == "BatchStateMachine"


def test_a_state_that_fails_ends_the_execution():
    """So a redrive resumes there, and the rule on the execution's end tells of it."""
    assert [name for name, state in STATES.items() if "Catch" in state] == []
    (pattern,) = [
        resource["Properties"]["EventPattern"]
        for resource in NOTIFICATIONS["Resources"].values()
        if resource["Type"] == "AWS::Events::Rule"
    ]
    assert pattern["source"] == ["aws.states"]
    assert set(pattern["detail"]["status"]) == {"SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"}


@pytest.mark.parametrize("name", ["LoadFile", "DataJoin", "CheckOutput", "Publish"])
def test_what_is_retried_is_what_is_transient(name):
    """Each transient error of ours, and no other of ours."""
    (retry,) = STATES[name]["Retry"]
    ours = {error for error in retry["ErrorEquals"] if "." not in error}
    assert ours == set(leaves(TransientError))


def test_a_choice_without_an_answer_fails():
    """Neither true nor false is not "no file"."""
    assert STATES[STATES["FileExists"]["Default"]]["Type"] == "Fail"


def test_publish_copies_the_history_that_was_checked():
    """The ETag that DataJoin wrote is the condition of the check and, in DataJoin's answer, that of the copy."""
    assert STATES["CheckOutput"]["Parameters"]["Payload"]["history_etag.$"] == "$.join.answer.output.etag"
    assert STATES["Publish"]["Parameters"]["Payload"]["join.$"] == "$.join.answer"


def test_the_service_reads_outputs_that_the_resources_have():
    """A renamed output would only be noticed by a deploy."""
    wanted = {
        value.rsplit(".", 1)[1].rstrip("}")
        for value in SERVICE["provider"]["environment"].values()
        if value.startswith("${cf:")
    }
    assert wanted == set(RESOURCES["resources"]["Outputs"])
    assert SERVICE["custom"]["resourcesStack"] == f"{RESOURCES['service']}-${{sls:stage}}"
