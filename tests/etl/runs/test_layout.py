"""Keys of the analytics bucket are made and read by one module, so that both agree."""

import pytest

from etl.contract.run_date import RunDate
from etl.errors import ParametersError
from etl.runs import layout


def test_a_key_of_a_run_is_read_as_it_was_made():
    """Gives back run date, execution and file name."""
    key = layout.run_prefix("2021-03-23", "nightly-1") + layout.MANIFEST
    assert key == "runs/20210323/nightly-1/manifest.json"
    assert layout.parse_key(key) == (RunDate.parse("2021-03-23"), "nightly-1", "manifest.json")
    assert layout.run_prefix(RunDate.parse("2021-03-23"), "nightly-1") == "runs/20210323/nightly-1/"


@pytest.mark.parametrize(
    "key",
    ["runs/20210323/x", "runs/20210323/x/", "runs/20210323/x/y/z", "runs/20210230/x/y", "runs/day/x/y", "a/runs/1/2/3"],
)
def test_any_other_key_is_no_file_of_a_run(key):
    """Ignores folders, deeper keys and days that no calendar has."""
    assert layout.parse_key(key) is None


@pytest.mark.parametrize("execution", ["", "a/b", "..", "a b", "x" * 81])
def test_an_execution_cannot_lead_out_of_its_folder(execution):
    """Refuses names that Step Functions does not allow."""
    with pytest.raises(ParametersError, match="execution: found"):
        layout.run_prefix("2021-03-23", execution)


@pytest.mark.parametrize("name", ["report.html", "02_join.ipynb", "history.csv"])
def test_the_name_of_a_try_is_read_as_it_was_made(name):
    """Gives back the name of the first try, and the number."""
    assert [layout.name_and_try(layout.name_of_try(name, number)) for number in (1, 2, 10)] == [
        (name, 1),
        (name, 2),
        (name, 10),
    ]
