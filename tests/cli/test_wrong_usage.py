"""Mistakes that people make with the command line."""

import subprocess
import sys

import pytest

from etl.cli.main import main


def usage(capsys, *arguments):
    """Return the stderr of a wrong call, which exits with 2."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    return capsys.readouterr().err


def test_without_a_command_it_lists_them(capsys):
    """Prints the help and returns 2."""
    assert main([]) == 2
    assert "run the pipeline on your own files" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run"], "required: --raw, --devices"),
        (["run", "--raw", "a", "--devices", "b", "--run-date", "23.3.2021"], "expected a date written YYYY-MM-DD"),
        (["run", "--raw", "a", "--devices", "b", "--run-date", "2021-02-30"], "expected a date written YYYY-MM-DD"),
        (["run", "--raw", "a", "--devices", "b", "--max-quarantine", "5%"], "expected a share from 0 to 1"),
        (["run", "--raw", "a", "--devices", "b", "--out", __file__], "is not a folder"),
        (["lab", "--raw", "a"], "--raw needs --devices, too"),
        (["lab", "--devices", "a"], "--devices needs --raw, too"),
        (["lab", "--run-date", "2021-03-23"], "--run-date: goes with --raw"),
        (["lab", "--run", "2021-3-23"], "expected the date of a run, written YYYYMMDD, such as 20210323"),
        (["lab", "--run", "20210230"], "expected the date of a run, written YYYYMMDD, such as 20210323"),
        (["lab", "--run", "20210323", "--run-date", "2021-03-23"], "--run-date: a run that was kept has its own"),
        (["lab", "--execution", "x"], "--execution: say which day it is, too"),
        (["lab", "--stage", "prod"], "--stage: say which day it is, too"),
        (["lab", "--region", "x"], "--region: goes with --stage"),
        (["lab", "--run", "20210323", "--stage", "prod", "--raw", "a"], "a run of a stage reads from the stage"),
        (["rnu"], "invalid choice: 'rnu'"),
    ],
)
def test_wrong_usage_names_what_is_expected(capsys, arguments, message):
    """Exits with 2 before anything is started."""
    assert message in usage(capsys, *arguments)


@pytest.mark.parametrize("command", [[], ["run"], ["lab"], ["up"]])
def test_every_command_has_help(capsys, command):
    """Exits with 0 and prints the usage."""
    with pytest.raises(SystemExit) as caught:
        main([*command, "--help"])
    assert caught.value.code == 0
    assert "usage: etl" in capsys.readouterr().out


def test_the_help_of_lab_shows_examples(capsys):
    """Shows a line for each of its four uses."""
    with pytest.raises(SystemExit):
        main(["lab", "--help"])
    out = capsys.readouterr().out
    for example in ("etl lab  ", "--raw events.json --devices", "--run 20210323  ", "--stage prod"):
        assert example in out
    assert max(map(len, out.splitlines())) <= 120


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--raw", "none.json", "--devices", "devices.json"], "RawFileError: none.json: cannot be read (No such file"),
        (["--raw", "devices.json", "--devices", "none.json"], "DevicesFileError: none.json: cannot be read"),
        (["--run", "20210323"], "RunNotFoundError: out/runs: no run of 20210323; found no run at all"),
    ],
)
def test_lab_names_in_one_line_what_is_missing(capsys, tmp_path, monkeypatch, options, message):
    """Prints one line before anything is started or written."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "devices.json").write_text("[]", encoding="utf-8")
    assert main(["lab", *options]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["devices.json"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read (No such file or directory)"),
        ("{", "not valid JSON"),
        ("{}", "neither a list nor an object"),
        ('[{"device_id": "d"}, {"user_id": " ", "device_id": "d"}, 5]', "3 items lack"),
    ],
)
def test_a_wrong_devices_file_is_one_line_before_anything_starts(capsys, tmp_path, content, message):
    """Returns 1 with the file and its expected content, before anything is started."""
    path = tmp_path / "devices.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    assert main(["run", "--raw", "a", "--devices", str(path)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert err.count("\n") == 1


def test_a_missing_package_of_the_command_line_is_one_line():
    """Returns 2 and says how to install it, where only the functions' packages are installed."""
    code = "import sys; sys.modules['uv'] = None; from etl.__main__ import main; sys.exit(main())"
    answer = subprocess.run([sys.executable, "-c", code, "run"], capture_output=True, text=True, check=False)
    assert answer.returncode == 2
    assert answer.stderr.startswith("etl: found no module uv; expected the packages of the command line.")
    assert answer.stderr.count("\n") == 1
