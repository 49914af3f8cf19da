"""Copies of notebooks get other parameters, and nothing else."""

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
    """Quotes, backslashes and other scripts, too."""
    copy = tmp_path / path.name
    copy.write_bytes(with_parameters(path.read_bytes(), VALUES))
    before, after = declared_parameters(path), declared_parameters(copy)
    assert [(one.name, one.type_name) for one in before] == [(one.name, one.type_name) for one in after]
    assert {one.name: one.default for one in after} == {one.name: VALUES.get(one.name, one.default) for one in before}
    old, new = (json.loads(file.read_text(encoding="utf-8"))["cells"] for file in (path, copy))
    for cell, changed in zip(old, new, strict=True):
        if "parameters" not in cell["metadata"].get("tags", []):
            assert "".join(changed["source"]) == "".join(cell["source"])
        else:
            helps = ["".join(one["source"]).count("  # ") for one in (cell, changed)]
            assert helps[0] == helps[1]
        assert not changed.get("outputs")


def test_an_executed_notebook_says_its_parameters():
    """As papermill left them; a committed one has none."""
    executed = {"cells": [], "metadata": {"papermill": {"parameters": {"run_date": "2021-03-23"}}}}
    assert executed_parameters(json.dumps(executed).encode()) == {"run_date": "2021-03-23"}
    assert executed_parameters(NOTEBOOKS[0].read_bytes()) == {}


def test_a_folder_holds_executed_notebooks_and_the_others_ready_to_run(tmp_path):
    """Executed ones with their outputs; the others with what the run had; neither is to write a manifest again."""
    parameters = {"run_date": "2021-03-24", "etag": "old", "execution": "x"}
    checks = next(path for path in NOTEBOOKS if path.name == "03_checks.ipynb").read_bytes()
    executed = json.dumps(json.loads(checks) | {"metadata": {"papermill": {"parameters": parameters}}}).encode()
    folder = tmp_path / "lab" / "20210324-x"
    assert make_folder(folder, {"03_checks.ipynb": executed}, {"execution": "y", "s3_object_key": "k.json"})
    shown = [cell.get("outputs") for cell in json.loads((folder / "03_checks.ipynb").read_bytes())["cells"]]
    assert shown == [cell.get("outputs") for cell in json.loads(checks)["cells"]]
    assert {one.name: one.default for one in declared_parameters(folder / "03_checks.ipynb")}["look_only"] is True
    assert {path.name for path in folder.iterdir()} == {path.name for path in NOTEBOOKS}
    values = {one.name: one.default for one in declared_parameters(folder / "02_join.ipynb")}
    assert (values["run_date"], values["execution"], values["s3_object_key"]) == ("2021-03-24", "x", "k.json")
    assert values["etag"] == ""
    assert list(folder.parent.iterdir()) == [folder]


def test_what_an_analyst_changed_stays(tmp_path):
    """The folder is not made a second time."""
    (tmp_path / "mine.ipynb").write_text("mine", encoding="utf-8")
    assert not make_folder(tmp_path, {"01_load.ipynb": b"{}"}, {})
    assert [path.name for path in tmp_path.iterdir()] == ["mine.ipynb"]


def test_the_last_executed_notebook_is_notebook_to_open():
    """It is the one that failed, in its last try."""
    assert (
        notebook_to_open({"01_load.ipynb": b"", "02_join.ipynb": b"", "02_join.try-2.ipynb": b""})
        == "02_join.try-2.ipynb"
    )
    assert notebook_to_open({}) == "explore.ipynb"
