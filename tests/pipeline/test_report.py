"""Each run that comes to its checks leaves a report, good or bad, before anything is published."""

import pytest
from bs4 import BeautifulSoup

pytestmark = [pytest.mark.functional, pytest.mark.notebook, pytest.mark.slow]

# All that may differ between the reports of two runs on the same input
VARIES = ["the execution's name"]
PLANTED = """
import os
{"2021-03-24": lambda: 1 / 0, "2021-03-25": lambda: os._exit(3)}.get(run_date, int)()
if run_date == "2021-03-26":
    report["rows"]["written"] += 1
"""


def report_of(stage, run, day="20210323"):
    """Return the report that a run left, as text and parsed."""
    text = stage.body(f"runs/{day}/{run.name}/report.html").decode()
    return text, BeautifulSoup(text, "html.parser")


def test_a_good_day_has_a_report_that_leads_to_the_runs_files(stage):
    """Verdict, tables, picture; every link leads to an object of the run."""
    run = stage.run()
    assert run.outcome.succeeded, run.outcome
    _, page = report_of(stage, run)
    assert "success" in page.find("section", class_="verdict")["class"]
    assert "エアコン" in page.get_text()
    assert f"s3://{stage.pipeline.raw_bucket_name}/devices-raw-data.json" in page.get_text()
    assert page.find("img")["alt"]
    folder = f"runs/20210323/{run.name}/"
    linked = [folder + link["href"] for link in page.footer.find_all("a")]
    assert len(linked) == 5
    assert set(linked) <= set(stage.list_keys(folder))


def test_the_same_run_twice_gives_the_same_bytes(stage):
    """But for what is named as varying."""
    assert VARIES == ["the execution's name"]
    texts = []
    for run in (stage.run(), stage.run()):
        text, _ = report_of(stage, run)
        assert run.name in text
        texts.append(text.replace(run.name, "EXECUTION"))
    assert texts[0] == texts[1]


@pytest.fixture(scope="module")
def failing(make_stage_with):
    """Return a stage whose checks fail in another way on each date."""
    return make_stage_with(notebook="03_checks.ipynb", cell=PLANTED, before="reconciliation")


@pytest.mark.parametrize(
    ("run_date", "error", "says"),
    [
        ("2021-03-24", "NotebookError", "ZeroDivisionError: division by zero"),
        ("2021-03-25", "KernelDiedError", "its kernel process died"),
        ("2021-03-26", "ChecksFailedError", "failed reconciliation"),
    ],
    ids=["a cell raises", "the kernel dies", "a check fails"],
)
def test_a_bad_day_has_a_report_that_says_so_first(failing, run_date, error, says):
    """With the cell and the error; the failure's message leads to it; nothing is published."""
    run = failing.run(run_date=run_date)
    assert run.outcome.error == error
    day = run_date.replace("-", "")
    _, page = report_of(failing, run, day)
    assert f"/runs/{day}/{run.name}/report.html" in run.outcome.cause
    verdict = page.find("section", class_="verdict")
    assert "failure" in verdict["class"]
    assert "cell In [" in verdict.get_text()
    assert says in verdict.get_text()
    assert ("stopped here" in page.get_text()) == (error != "ChecksFailedError")
    assert ("Is it sane?" in page.get_text()) == (error == "ChecksFailedError")
    assert not [key for key in failing.list_keys() if day in key and not key.startswith("runs/")]


def test_a_run_that_fails_before_its_checks_has_none(stage):
    """Its executed notebook says what happened."""
    stage.put_raw(b"", "empty.json")
    run = stage.run(s3_object_key="empty.json")
    assert run.outcome.error == "RawFileError"
    assert not [key for key in stage.list_keys(f"runs/20210323/{run.name}/") if key.endswith(".html")]
