"""``etl run`` as people use it: a process with arguments, files, an exit code."""

import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from etl.checks.all_checks import ALL_CHECKS
from etl.cli.sample import SAMPLE_DEVICES, SAMPLE_RAW
from etl.runs.input_record import recorded_files

pytestmark = [pytest.mark.functional, pytest.mark.notebook, pytest.mark.slow]

ETL = [sys.executable, "-m", "etl"]
SAMPLE = ["--raw", str(SAMPLE_RAW), "--devices", str(SAMPLE_DEVICES), "--run-date", "2021-03-23"]
REFERENCE = (
    "device_id,timestamp,power,user_id,type\n"
    "device_u33nk7yy,1616506124,on,user_0001,TV\n"
    "device_m6mww3ss,1616506165,on,user_0001,エアコン\n"
    "device_u33nk7yy,1616506185,off,user_0001,TV\n"
    "device_sd7ubc8s,1616506197,off,user_0002,TV\n"
).encode()
PUBLISHED = "devices_operation_history_data/20210323.csv"


def etl(*arguments, cwd, timeout=120, **variables):
    """Run the command, in a shell with an AWS profile of a user, which it must ignore."""
    environment = os.environ | {"AWS_PROFILE": "not-there", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"} | variables
    return subprocess.run(
        [*ETL, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, timeout=timeout, check=False
    )


def started(cwd):
    """Start the command on the sample so that it handles Ctrl-C, as in a terminal."""
    return subprocess.Popen(
        [*ETL, "run", *SAMPLE],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - takes no lock
    )


def test_the_sample_twice_gives_the_reference_twice(tmp_path):
    """Prints a line for each state and the rows, publishes the same bytes twice, and opens the report of each run."""
    for _run in range(2):
        answer = etl("run", *SAMPLE, "--open", cwd=tmp_path, BROWSER=f"sh -c 'echo %s >> {tmp_path}/opened'")
        assert answer.returncode == 0, answer.stderr
        assert answer.stderr == ""
        lines = answer.stdout.splitlines()
        states = [line.split()[0] for line in lines if line.startswith("  ") and line.endswith(" s")]
        assert states[1:] == ["LoadFile", "FileExists", "DataJoin", "CheckOutput", "Publish"]
        assert "  device_m6mww3ss,1616506165,on,user_0001,エアコン" in lines
        assert f"{len(ALL_CHECKS)} of {len(ALL_CHECKS)} checks passed." in lines
        assert (tmp_path / "out" / PUBLISHED).read_bytes() == REFERENCE
    runs = sorted((tmp_path / "out/runs/20210323").iterdir())
    assert len(runs) == 2
    assert f"out/runs/20210323/{runs[1].name}/report.html   the report: what the checks found" in lines
    for run in runs:
        assert {path.name for path in run.iterdir()} >= {
            "01_load.ipynb",
            "02_join.ipynb",
            "03_checks.ipynb",
            "report.html",
        }
    opened = (tmp_path / "opened").read_text(encoding="utf-8").split()
    assert opened == [(run / "report.html").as_uri() for run in runs]
    assert not list((tmp_path / "out").rglob(".*"))


def test_the_month_shows_each_planted_fault_and_no_other(tmp_path):
    """Prints a line for each check with a finding, and for no other."""
    month = ["--raw", str(SAMPLE_RAW.parent / "household-month.json"), "--run-date", "2021-04-30"]
    answer = etl("run", *month, "--devices", str(SAMPLE_RAW.parent / "household-devices.json"), cwd=tmp_path)
    assert answer.returncode == 0, answer.stderr
    found = {}
    for line in answer.stdout.splitlines():
        words = line.split(maxsplit=2)
        if words and words[0] in ("fail", "warn", "info"):
            found[words[1]] = words[2]
    planted = {
        "gaps": "1 gap, the longest of 8 hours from 2021-04-15 09:00",
        "unmatched": "'device_visitor'",
        "several_owners": "1 device has several owners, which added 137 rows: 'device_tv'",
        "silent_devices": "1 device has gone silent, for up to 160 hours: 'device_coffee'",
        "stuck_devices": "1 device is stuck: 'device_hallway'",
        "duplicates": "6 of 3,852",
        "out_of_order": "9 of 3,852",
    }
    assert list(found) == list(planted)
    assert [name for name, words in planted.items() if words not in found[name]] == []
    assert f"{len(ALL_CHECKS) - len(planted)} of {len(ALL_CHECKS)} checks passed." in answer.stdout


def test_json_is_the_manifest_alone_on_stdout(tmp_path):
    """Prints progress to stderr, and counts a large day with unknown devices and a table of several pages right."""
    devices = [
        {"user_id": f"u{n % 900}", "device_id": f"d{n}", "type": "TV" if n % 2 else "エアコン"} for n in range(12_000)
    ]
    (tmp_path / "devices.json").write_text(json.dumps(devices), encoding="utf-8")
    events = [
        {"device_id": f"d{n % 12_000}" if n % 2_000 else "stranger", "timestamp": 1616506000 + n, "power": "on"}
        for n in range(100_000)
    ]
    (tmp_path / "raw.json").write_text(json.dumps({"data": events}), encoding="utf-8")
    answer = etl(
        *("run", "--raw", "raw.json", "--devices", "devices.json", "--run-date", "2021-03-24", "--json"), cwd=tmp_path
    )
    assert answer.returncode == 0, answer.stderr
    manifest = json.loads(answer.stdout)
    expected = {"read": 100_000, "valid": 100_000, "quarantined": 0, "matched": 99_950, "unmatched": 50}
    assert manifest["rows"] == expected | {"fanned_out_extra": 0, "written": 100_000, "duplicates": 0}
    assert manifest["devices"]["count"] == 12_000
    assert manifest["unmatched_devices"] == ["stranger"]
    assert "LoadFile" in answer.stderr
    lines = (tmp_path / "out/devices_operation_history_data/20210324.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 100_001
    assert lines[2] == "d1,1616506001,on,u1,TV"


def test_a_bad_file_is_one_line_and_the_last_good_day_stands(tmp_path):
    """Returns 1, names the user's own file, and mirrors the notebook with the error."""
    (tmp_path / "out/devices_operation_history_data").mkdir(parents=True)
    (tmp_path / "out" / PUBLISHED).write_text("last good day\n", encoding="utf-8")
    (tmp_path / "bad.json").write_text('{"data": [{"device_id": "d"', encoding="utf-8")
    answer = etl(
        *("run", "--raw", "bad.json", "--devices", str(SAMPLE_DEVICES), "--run-date", "2021-03-23"), cwd=tmp_path
    )
    assert answer.returncode == 1
    (line,) = answer.stderr.splitlines()
    assert line.startswith("etl run: RawFileError: 02_join.ipynb, cell In [")
    assert ": bad.json: byte 27: not valid JSON" in line
    notebook = tmp_path / line.rsplit("Executed notebook: ", 1)[1]
    assert "RawFileError" in notebook.read_text(encoding="utf-8")
    # the input record beside it serves "etl lab --run"
    assert recorded_files(notebook.parent) == (tmp_path / "bad.json", SAMPLE_DEVICES)
    assert (tmp_path / "out" / PUBLISHED).read_text(encoding="utf-8") == "last good day\n"
    assert "report" not in answer.stdout


def test_no_raw_file_is_done_and_says_so(tmp_path):
    """Returns 0, because a day without a file is no failure."""
    answer = etl("run", "--raw", "none.json", "--devices", str(SAMPLE_DEVICES), cwd=tmp_path)
    assert answer.returncode == 0, answer.stderr
    assert "No file: none.json does not exist" in answer.stdout
    assert not (tmp_path / "out/devices_operation_history_data").exists()


def test_a_reader_who_has_seen_enough_is_no_error(tmp_path):
    """Ends ``etl run ... | head -n 1`` without a message."""
    command = " ".join([*ETL, "run", *SAMPLE])
    answer = subprocess.run(
        ["sh", "-c", f"{command} | head -n 1"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert answer.stdout.startswith("Starting the embedded AWS")
    assert answer.stderr == ""


def test_a_folder_in_place_of_the_raw_file_is_one_line(tmp_path):
    """Fails with one line, because a folder is neither a file nor a missing file."""
    answer = etl("run", "--raw", ".", "--devices", str(SAMPLE_DEVICES), cwd=tmp_path)
    assert answer.returncode == 1
    assert answer.stderr == "etl run: RawFileError: .: cannot be read (Is a directory); expected a readable file.\n"


def test_an_interrupt_while_it_starts_is_quiet(tmp_path):
    """Prints nothing as long as there is nothing to stop."""
    process = started(cwd=tmp_path)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _out, err = process.communicate(timeout=20)
    # Python itself may not be up yet
    assert process.returncode in (130, -signal.SIGINT)
    assert "etl" not in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_no_process(tmp_path, number):
    """Returns 130 after Ctrl-C or SIGTERM in the middle of a state, and stops all of its processes."""
    process = started(cwd=tmp_path)
    for line in process.stdout:
        if line.startswith("Execution "):
            break
    time.sleep(2)
    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) >= 2
    process.send_signal(number)
    _out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert err == "etl run: interrupted; nothing was published, nothing is left running.\n"
    _gone, alive = psutil.wait_procs(children, timeout=5)
    assert alive == []
    assert not (tmp_path / "out").exists()
