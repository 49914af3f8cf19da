"""The list of checks, and the thresholds that they take from the notebook's parameters."""

import json

from run_data import run_data

from etl.checks import arrival_checks, device_checks, history_checks
from etl.checks.all_checks import ALL_CHECKS, run_checks, threshold_names
from etl.runs.provenance import ROOT
from lambda_wrappers.parameters import declared_parameters

NOTEBOOK = ROOT / "notebooks" / "03_checks.ipynb"
PARAMETERS = {parameter.name: parameter.default for parameter in declared_parameters(NOTEBOOK)}


def test_every_check_of_the_modules_is_in_the_list_once():
    """A check that is written and not listed would never run."""
    written = [
        function
        for module in (arrival_checks, history_checks, device_checks)
        for name, function in vars(module).items()
        if callable(function) and function.__module__ == module.__name__ and not name.startswith("_")
    ]
    assert list(ALL_CHECKS) == written


def test_a_check_has_the_name_of_its_function():
    """Alarms and searches find the function by the name in the manifest."""
    checks = run_checks(ALL_CHECKS, run_data(), PARAMETERS)
    assert [check.name for check in checks] == [function.__name__ for function in ALL_CHECKS]


def test_the_notebook_declares_exactly_the_thresholds_that_the_checks_take():
    """A threshold that no check takes would change nothing; one without a parameter could not be changed."""
    taken = {name for check in ALL_CHECKS for name in threshold_names(check)}
    assert {name for name in PARAMETERS if name.startswith(("max_", "min_"))} == taken


def test_the_committed_notebook_ran_every_check():
    """The outputs of the notebook name each check, in the order of the list."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    shown = [
        line.split()[1]
        for cell in cells
        if cell["id"] in {"arrival", "checks"}
        for line in "".join(cell["outputs"][0]["data"]["text/plain"]).splitlines()[1:]
    ]
    assert shown == [function.__name__ for function in ALL_CHECKS]
