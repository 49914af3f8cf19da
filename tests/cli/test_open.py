"""``etl run`` prints the path of the report, and opens it, above all after a failure."""

import argparse
import webbrowser
from contextlib import contextmanager

import pytest

from etl.cli import run_command
from etl.cli.execution import ExecutionResult

FAILED = ExecutionResult(status="FAILED", output={}, error="ChecksFailedError", cause="history: failed power.")
NO_FILE = ExecutionResult(status="SUCCEEDED", output={"result": "No file."}, error="", cause="")


class Pipeline:
    """A pipeline whose execution, called nightly-1, takes no time and ends with a given result."""

    analytics_bucket_name, raw_bucket_name, name = "analytics", "raw", "nightly-1"

    def __init__(self, result):
        self.result = result

    def load(self, **_data):
        """Take the data."""

    def start(self, _input):
        """Return the execution."""
        return self

    def show(self, _print_line):
        """Return the result of the execution."""
        return self.result


@pytest.fixture
def run(monkeypatch, tmp_path, capsys):
    """Return a function that runs the command on such a pipeline: exit code, stdout, stderr and opened addresses."""
    opened = []

    def run_it(*reports, ended=FAILED, has_browser=True, **options):
        @contextmanager
        def pipeline(**_options):
            yield Pipeline(ended)

        def mirror(_bucket, _prefix, out):
            for path in reports:
                (out / path).parent.mkdir(parents=True, exist_ok=True)
                (out / path).write_text("page", encoding="utf-8")
            return reports

        monkeypatch.setattr(run_command, "local_pipeline", pipeline)
        monkeypatch.setattr(run_command, "mirror", mirror)
        monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or has_browser)
        (tmp_path / "devices.json").write_text('[{"user_id": "u", "device_id": "d"}]', encoding="utf-8")
        chosen = {"raw": tmp_path / "raw.json", "devices": tmp_path / "devices.json", "out": tmp_path / "out"}
        chosen |= {"run_date": None, "max_quarantine": None, "json": False, "open": True} | options
        code = run_command.run(argparse.Namespace(**chosen))
        out, err = capsys.readouterr()
        return code, out, err, opened

    return run_it


def test_the_report_of_a_failed_day_is_named_and_opened(run, tmp_path):
    """Returns 1, prints one line on stderr, and opens the report."""
    code, out, err, opened = run("runs/20210323/nightly-1/report.html")
    path = tmp_path / "out/runs/20210323/nightly-1/report.html"
    assert (code, err) == (1, "etl run: ChecksFailedError: history: failed power.\n")
    assert f"{path}   the report: what the checks found\n" in out
    assert opened == [path.as_uri()]


def test_the_last_try_of_this_run_counts(run):
    """Opens the report of the last try, and none of other runs."""
    names = ["report.html", "report.try-2.html", "report.try-10.html"]
    others = ["runs/20210323/nightly-2/report.html", "runs/20210324/other/report.try-11.html"]
    *_, opened = run(*(f"runs/20210323/nightly-1/{name}" for name in names), *others)
    assert opened[0].endswith("/nightly-1/report.try-10.html")


def test_without_open_it_is_only_named(run):
    """Prints the path and opens no browser unasked."""
    _code, out, _err, opened = run("runs/20210323/nightly-1/report.html", open=False)
    assert "report.html" in out
    assert opened == []


def test_without_a_browser_it_prints_what_to_do(run):
    """Prints what to do on a machine without browser."""
    _code, out, _err, _opened = run("runs/20210323/nightly-1/report.html", has_browser=False)
    assert "--open: found no browser here; open " in out


@pytest.mark.parametrize("ended", [FAILED, NO_FILE])
def test_without_a_report_it_prints_why(run, ended):
    """Explains that a run that ends before its checks has no report."""
    _code, out, _err, opened = run("runs/20210323/earlier/report.html", ended=ended)
    assert "--open: this run ended before its checks, so there is no report to open." in out
    assert opened == []


def test_with_json_progress_goes_to_stderr(run):
    """Writes nothing but the manifest to stdout."""
    _code, out, err, _opened = run("runs/20210323/nightly-1/report.html", json=True)
    assert out == ""
    assert "report.html   the report" in err
