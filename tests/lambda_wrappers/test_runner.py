"""The runner answers with the notebook's result and uploads the executed notebook, in a real kernel."""

import nbformat
import pytest

from etl.errors import (
    KernelDiedError,
    NotebookError,
    NotebookTimeoutError,
    ParametersError,
    RawFileError,
    ReportError,
)
from lambda_wrappers import runner
from lambda_wrappers.run_folder import Artifact

pytestmark = [pytest.mark.functional, pytest.mark.notebook, pytest.mark.slow]

BUCKET = "runner-test"


class Clock:
    """A Lambda context with a given number of seconds left."""

    def __init__(self, seconds):
        self.seconds = seconds

    def get_remaining_time_in_millis(self):
        """Return the milliseconds left."""
        return int(self.seconds * 1000)


@pytest.fixture
def run(embedded_aws, tmp_path, monkeypatch):
    """Return a function that runs cells as a notebook, the last one tagged ``result``."""
    s3 = embedded_aws.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": embedded_aws.region})
    monkeypatch.setattr(runner, "NOTEBOOKS", tmp_path)

    def make(*cells, bucket=BUCKET, seconds=60, make_artifacts=None, **parameters):
        tagged = nbformat.v4.new_code_cell("n: int = 1", metadata={"tags": ["parameters"]})
        notebook = nbformat.v4.new_notebook(cells=[tagged, *map(nbformat.v4.new_code_cell, cells)])
        notebook.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "Python 3"}
        notebook.cells[-1].metadata["tags"] = ["result"]
        nbformat.write(notebook, tmp_path / "n.ipynb")
        return runner.run_notebook(
            "n.ipynb",
            parameters or {"n": 2},
            bucket=bucket,
            prefix="p/",
            context=Clock(seconds),
            make_artifacts=make_artifacts,
        )

    make.s3 = s3
    yield make
    for item in s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        s3.delete_object(Bucket=BUCKET, Key=item["Key"])
    s3.delete_bucket(Bucket=BUCKET)


def kept(run, key="p/n.ipynb"):
    """Return the uploaded notebook."""
    return nbformat.reads(run.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode(), as_version=4)


def keys(run):
    """Return the keys of the uploaded objects."""
    return [item["Key"] for item in run.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def test_answers_with_the_result_and_keeps_each_try(run):
    """Returns the dict that the cell shows, and uploads a notebook for each try."""
    cell = "from IPython.display import JSON\nJSON({'n': n, 'text': 'エアコン'})"
    assert run(cell) == {"n": 2, "text": "エアコン"}
    assert run(cell, n=3) == {"n": 3, "text": "エアコン"}
    assert keys(run) == ["p/n.ipynb", "p/n.try-2.ipynb"]


def test_a_wrong_parameter_starts_no_kernel(run):
    """Executes and uploads nothing."""
    with pytest.raises(ParametersError, match="unknown 'm'"):
        run("1", m=1)
    assert keys(run) == []


@pytest.mark.parametrize("cell", ["5", "from IPython.display import JSON\nJSON([1])"])
def test_no_result_is_an_error(run, cell):
    """Fails a notebook that shows no dict, and uploads it."""
    with pytest.raises(NotebookError, match="no result"):
        run(cell)
    assert keys(run) == ["p/n.ipynb"]


def test_an_error_of_ours_keeps_its_class(run):
    """Raises the class that the cell raised, with its message, the cell and the address of the notebook."""
    with pytest.raises(RawFileError) as caught:
        run("x = 1", "from etl.errors import RawFileError\nraise RawFileError('f: empty')", "2")
    assert str(caught.value) == f"n.ipynb, cell In [4]: f: empty Executed notebook: s3://{BUCKET}/p/n.ipynb"


def test_a_notebook_that_takes_too_long_is_stopped_and_kept(run):
    """Limits the time of the notebook as a whole, not of each cell."""
    with pytest.raises(NotebookTimeoutError, match=r"cell In \[\d\]"):
        run(*["import time\ntime.sleep(2)"] * 4, "2", seconds=6)
    statuses = [cell.metadata.papermill.status for cell in kept(run).cells if "papermill" in cell.metadata]
    assert "failed" in statuses
    assert statuses[-1] == "pending"


def test_a_kernel_that_exits_is_named(run):
    """Reports a kernel process that ends itself like one that was killed."""
    with pytest.raises(KernelDiedError):
        run("import os\nos._exit(3)", "2")
    assert "DeadKernelError" in str(kept(run))


def test_a_notebook_that_cannot_be_kept_does_not_hide_the_failure(run):
    """Names the failure first, then why the notebook was not uploaded."""
    with pytest.raises(NotebookError, match=r"ZeroDivisionError: .* Executed notebook: not kept \(NoSuchBucket\)"):
        run("1 / 0", "2", bucket="not-there")


SHOWS = "from IPython.display import JSON\nJSON({'n': n})"


def page_maker(seen):
    """Return a function that makes one page, and appends the executed notebook to `seen`."""

    def make_artifacts(executed):
        seen.append(executed)
        return {"report.html": Artifact(b"page", "text/html; charset=utf-8")}

    return make_artifacts


def test_artifacts_are_uploaded_beside_the_notebook(run):
    """Uploads them with their type, after the notebook; each try has its own."""
    seen = []
    assert run(SHOWS, make_artifacts=page_maker(seen)) == {"n": 2}
    assert run(SHOWS, make_artifacts=page_maker(seen)) == {"n": 2}
    assert keys(run) == ["p/n.ipynb", "p/n.try-2.ipynb", "p/report.html", "p/report.try-2.html"]
    page = run.s3.get_object(Bucket=BUCKET, Key="p/report.html")
    assert (page["Body"].read(), page["ContentType"]) == (b"page", "text/html; charset=utf-8")
    first, second = seen
    assert (first.name, first.result, first.failure, first.beside) == ("n.ipynb", {"n": 2}, None, {"n.ipynb"})
    assert (second.name, second.beside) == ("n.try-2.ipynb", {"n.ipynb", "n.try-2.ipynb", "report.html"})
    assert nbformat.reads(first.content.decode(), as_version=4) == kept(run)


@pytest.mark.parametrize(
    ("cell", "error"), [("1 / 0", NotebookError), ("import os\nos._exit(3)", KernelDiedError)], ids=["cell", "kernel"]
)
def test_a_failed_notebook_has_artifacts_too(run, cell, error):
    """Names the address of the report in the error, where it is needed most."""
    seen = []
    with pytest.raises(error, match=f"Report: s3://{BUCKET}/p/report.html Executed notebook: s3://"):
        run(cell, "2", make_artifacts=page_maker(seen))
    assert isinstance(seen[0].failure, error)
    assert seen[0].result is None
    assert keys(run) == ["p/n.ipynb", "p/report.html"]


def test_a_passed_notebook_without_its_artifacts_is_an_error_of_its_own(run):
    """Fails a run whose report is missing, and uploads the notebook."""

    def make_artifacts(_executed):
        raise ZeroDivisionError

    with pytest.raises(ReportError, match=r"n.ipynb: passed, but left no report; found ZeroDivisionError. Executed"):
        run(SHOWS, make_artifacts=make_artifacts)
    assert keys(run) == ["p/n.ipynb"]


def test_no_report_does_not_hide_why_the_notebook_failed(run, caplog):
    """Raises the notebook's failure and logs that of the report."""

    def make_artifacts(_executed):
        raise KeyError("planted")

    with pytest.raises(RawFileError, match="f: empty Executed notebook"):
        run("from etl.errors import RawFileError\nraise RawFileError('f: empty')", "2", make_artifacts=make_artifacts)
    assert "report not left" in caplog.messages


def test_without_time_no_report_is_begun(run, monkeypatch):
    """Makes no report that Lambda would interrupt, because the true reason would be lost."""
    monkeypatch.setattr(runner, "MIN_ARTIFACT_SECONDS", 61)
    seen = []
    with pytest.raises(ReportError, match=r"no time for it\. Raise the timeout"):
        run(SHOWS, make_artifacts=page_maker(seen))
    assert seen == []
