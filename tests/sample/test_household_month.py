"""The household month is what its generator makes, and has the planted faults."""

import json
import subprocess
import sys
from collections import Counter

import make_household_month as month
from etl.runs.provenance import ROOT

FIRST_RANDOM = 0.9613351511956878
RAW = json.loads(month.raw_file())["data"]


def test_the_committed_files_are_what_the_generator_makes():
    """Each file is the same to the byte, with this Python, and small enough for git."""
    assert (ROOT / "sample" / month.RAW_NAME).read_bytes() == month.raw_file()
    assert (ROOT / "sample" / month.DEVICES_NAME).read_bytes() == month.devices_file()
    assert len(month.raw_file()) < 500_000


def test_the_random_numbers_are_those_of_every_python():
    """CPython promises to keep the sequence for a seed of whole numbers; its first number stands for it."""
    assert month.Random(month.SEED).random() == FIRST_RANDOM


def test_each_fault_is_planted():
    """The month has a gap, a stuck sensor, a silent device, a stranger, two owners, repetitions and late events."""
    seconds = [int(record["timestamp"]) - month.FIRST_SECOND for record in RAW]
    assert not [second for second in seconds if month.GAP[0] <= second < month.GAP[1]]
    device_id, since, n_times, every = month.STUCK
    stuck = [
        r["power"]
        for r, s in zip(RAW, seconds, strict=True)
        if r["device_id"] == device_id and 0 <= s - since < n_times * every
    ]
    assert stuck == ["on"] * n_times
    assert max(s for r, s in zip(RAW, seconds, strict=True) if r["device_id"] == month.SILENT[0]) < month.SILENT[1]
    owners = Counter(item["device_id"] for item in json.loads(month.devices_file()))
    assert {record["device_id"] for record in RAW} - set(owners) == {"device_visitor"}
    assert [device for device, n in owners.items() if n > 1] == ["device_tv"]
    assert len(RAW) - len({tuple(record.values()) for record in RAW}) == month.N_DUPLICATES
    newest, n_late = {}, 0
    for record, second in zip(RAW, seconds, strict=True):
        n_late += second < newest.get(record["device_id"], second)
        newest[record["device_id"]] = max(second, newest.get(record["device_id"], second))
    assert n_late == month.N_LATE


def test_the_command_writes_into_the_given_folder(tmp_path):
    """The command explains itself, and a missing folder is an error of one line."""
    command = [sys.executable, str(ROOT / "scripts" / "make_household_month.py")]
    assert "--out DIR" in subprocess.run([*command, "--help"], capture_output=True, text=True, check=True).stdout
    subprocess.run([*command, "--out", str(tmp_path)], capture_output=True, check=True)
    assert (tmp_path / month.RAW_NAME).read_bytes() == month.raw_file()
    refused = subprocess.run([*command, "--out", str(tmp_path / "x")], capture_output=True, text=True, check=False)
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
