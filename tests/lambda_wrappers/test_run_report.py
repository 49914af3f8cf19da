"""The report of a run shows its verdict, and links the other files of the run."""

import json

import pytest
from bs4 import BeautifulSoup

from etl.errors import ChecksFailedError
from lambda_wrappers.run_report import run_report
from lambda_wrappers.runner import ExecutedNotebook

FILE = {"bucket_name": "raw", "s3_object_key": "day.json", "bytes": 12345}
NOTEBOOK = json.dumps(
    {"cells": [{"cell_type": "markdown", "source": ["# 3. Checks\n"], "metadata": {}}], "nbformat": 4, "metadata": {}}
).encode()


def report(*, result=None, failure=None, content=NOTEBOOK, name="03_checks.ipynb", beside=()):
    """Return the parsed report of a run."""
    executed = ExecutedNotebook(name, content, result, failure, frozenset(beside))
    ((file_name, artifact),) = run_report(executed, run_date="2021-03-23", execution="nightly-1", file=FILE).items()
    assert (file_name, artifact.content_type) == ("report.html", "text/html; charset=utf-8")
    return BeautifulSoup(artifact.content.decode(), "html.parser")


@pytest.mark.parametrize(
    ("ending", "level", "word", "sentence"),
    [
        ({"result": {"warnings": []}}, "success", "Passed", "no check failed, and none warns"),
        ({"result": {"warnings": ["unmatched", "gaps"]}}, "warning", "Passed, worth a look", "warn: unmatched, gaps."),
        ({"failure": ChecksFailedError("history: failed power")}, "failure", "Failed: not published", "failed power"),
    ],
)
def test_the_verdict_is_that_of_the_run(ending, level, word, sentence):
    """Takes colour and word from the notebook's result or failure."""
    section = report(**ending).find("section", class_="verdict")
    assert level in section["class"]
    assert section.h2.get_text(strip=True).endswith(word)
    assert sentence in section.get_text()


def test_it_says_which_run_and_where_the_input_came_from():
    """Shows date, execution, and the raw file with its size."""
    facts = [value.get_text() for value in report(result={}).find_all("dd")]
    assert facts == ["2021-03-23", "nightly-1", "s3://raw/day.json (12,345 bytes)"]


def test_it_leads_to_what_is_there_and_to_nothing_else():
    """Links each try of each notebook in the order of the run, and no file that is for programs only."""
    beside = ["history.csv", "manifest.json", "02_join.try-2.ipynb", "join.json", "02_join.ipynb", "01_load.ipynb"]
    made = report(result={}, beside=[*beside, "report.html"], name="03_checks.try-2.ipynb")
    names = ["01_load.ipynb", "02_join.ipynb", "02_join.try-2.ipynb", "03_checks.try-2.ipynb", "manifest.json"]
    assert [link["href"] for link in made.footer.find_all("a")] == [*names, "history.csv"]


def test_without_an_executed_notebook_it_says_so():
    """Shows the title and no links if the kernel never started."""
    made = report(failure=ChecksFailedError("x"), content=None)
    assert made.h1.get_text() == "Checks of a day"
    assert made.footer is None
