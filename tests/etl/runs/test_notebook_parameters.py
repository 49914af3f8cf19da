"""Copies of notebooks differ in their parameters, and in nothing else."""

import json

import pytest

from etl.cli.lab_folder import make_folder, notebook_to_open
from etl.runs.notebook_parameters import executed_parameters, with_parameters
from etl.runs.provenance import ROOT
from lambda_wrappers.parameters import declared_parameters

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
VALUES = {"run_date": "2024-02-29", "s3_object_key": 'エ "a" \\ b.json', "max_quarantine": 0.5, "most_events": 7}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_the_values_are_replaced_and_the_help_stays(path, tmp_path):
    """Replaces values with quotes, backslashes and other scripts, too, and no help text."""
    copy = tmp_path / path.name
    copy.write_bytes(with_parameters(path.read_bytes(), VALUES))
    before, after = declared_parameters(path), declared_parameters(copy)
    assert [(p.name, p.type_name) for p in before] == [(p.name, p.type_name) for p in after]
    assert {p.name: p.default for p in after} == {p.name: VALUES.get(p.name, p.default) for p in before}
    old, new = (json.loads(file.read_text(encoding="utf-8"))["cells"] for file in (path, copy))
    for cell, changed in zip(old, new, strict=True):
        if "parameters" not in cell["metadata"].get("tags", []):
            assert "".join(changed["source"]) == "".join(cell["source"])
        else:
            helps = ["".join(each["source"]).count("  # ") for each in (cell, changed)]
            assert helps[0] == helps[1]
        assert not changed.get("outputs")


def test_an_executed_notebook_says_its_parameters():
    """Reads them from papermill's metadata, which a committed notebook does not have."""
    executed = {"cells": [], "metadata": {"papermill": {"parameters": {"run_date": "2021-03-23"}}}}
    assert executed_parameters(json.dumps(executed).encode()) == {"run_date": "2021-03-23"}
    assert executed_parameters(NOTEBOOKS[0].read_bytes()) == {}


def test_a_folder_holds_executed_notebooks_and_the_others_ready_to_run(tmp_path):
    """Has executed notebooks with outputs, the others with the run's parameters; none writes a second manifest."""
    parameters = {"run_date": "2021-03-24", "etag": "old", "execution": "x"}
    checks = next(path for path in NOTEBOOKS if path.name == "03_checks.ipynb").read_bytes()
    executed = json.dumps(json.loads(checks) | {"metadata": {"papermill": {"parameters": parameters}}}).encode()
    folder = tmp_path / "lab" / "20210324-x"
    assert make_folder(folder, {"03_checks.ipynb": executed}, {"execution": "y", "s3_object_key": "k.json"})
    shown = [cell.get("outputs") for cell in json.loads((folder / "03_checks.ipynb").read_bytes())["cells"]]
    assert shown == [cell.get("outputs") for cell in json.loads(checks)["cells"]]
    assert {p.name: p.default for p in declared_parameters(folder / "03_checks.ipynb")}["look_only"] is True
    assert {path.name for path in folder.iterdir()} == {path.name for path in NOTEBOOKS}
    values = {p.name: p.default for p in declared_parameters(folder / "02_join.ipynb")}
    assert (values["run_date"], values["execution"], values["s3_object_key"]) == ("2021-03-24", "x", "k.json")
    assert values["etag"] == ""
    assert list(folder.parent.iterdir()) == [folder]


def test_what_an_analyst_changed_stays(tmp_path):
    """Does not touch a folder that exists."""
    (tmp_path / "mine.ipynb").write_text("mine", encoding="utf-8")
    assert not make_folder(tmp_path, {"01_load.ipynb": b"{}"}, {})
    assert [path.name for path in tmp_path.iterdir()] == ["mine.ipynb"]


def test_the_last_executed_notebook_is_notebook_to_open():
    """Opens the last try of the last notebook."""
    assert (
        notebook_to_open({"01_load.ipynb": b"", "02_join.ipynb": b"", "02_join.try-2.ipynb": b""})
        == "02_join.try-2.ipynb"
    )
    assert notebook_to_open({}) == "explore.ipynb"
