"""The run store lists past runs and finds one of them."""

import os
from datetime import UTC, datetime

import pytest

from etl.contract.run_date import RunDate
from etl.errors import RunNotFoundError
from etl.runs.run_store import find_execution, notebooks_in_folder, runs_in_folder

RUNS = {
    RunDate.parse("2021-03-23"): {"a": datetime(2026, 1, 1, tzinfo=UTC), "b": datetime(2026, 1, 3, tzinfo=UTC)},
    RunDate.parse("2021-03-24"): {"c": datetime(2026, 1, 2, tzinfo=UTC)},
}


def chosen(run_date, execution=None, runs=RUNS):
    """Return the execution that is found."""
    return find_execution(runs, run_date=RunDate.parse(run_date), execution=execution, where="out/runs")


def test_the_newest_execution_is_found_unless_another_is_named():
    """Chooses the newest by time, not by name."""
    assert chosen("2021-03-23") == "b"
    assert chosen("2021-03-23", "a") == "a"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("2021-03-25",), "out/runs: no run of 20210325; found 20210324, 20210323; expected"),
        (("2021-03-25", None, {}), "found no run at all"),
        (("2021-03-23", "c"), "no execution 'c' of 20210323; found b, a; expected"),
        (
            ("2021-03-25", None, {day: {} for day in RunDate.parse("2022-01-13").days_before(12)}),
            "20220103 and 2 more; expected",
        ),
    ],
)
def test_an_unknown_run_lists_those_that_exist(arguments, message):
    """Names at most ten, the newest first."""
    with pytest.raises(RunNotFoundError, match=message):
        chosen(*arguments)


def test_a_folder_lists_runs_with_a_notebook(tmp_path):
    """Takes the time of a run from its newest notebook, and ignores runs without any."""
    for execution, seconds in (("a", 100), ("b", 50)):
        folder = tmp_path / "runs" / "20210323" / execution
        folder.mkdir(parents=True)
        for number, name in enumerate(("01_load.ipynb", "02_join.ipynb", "join.json")):
            (folder / name).write_text(name, encoding="utf-8")
            os.utime(folder / name, (seconds + number, seconds + number))
    (tmp_path / "runs" / "20210324" / "c").mkdir(parents=True)
    found = runs_in_folder(tmp_path)
    assert {day: {name: at.timestamp() for name, at in runs.items()} for day, runs in found.items()} == {
        RunDate.parse("2021-03-23"): {"a": 101.0, "b": 51.0}
    }
    assert list(notebooks_in_folder(tmp_path / "runs/20210323/a")) == ["01_load.ipynb", "02_join.ipynb"]
