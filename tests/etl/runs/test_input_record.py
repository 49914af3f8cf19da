"""A run remembers which files it read, and notices when they are others."""

import json
import os

import pytest

from etl.errors import InputChangedError, RunNotFoundError
from etl.runs.input_record import described_input, note_input, noted_input


@pytest.fixture
def run(tmp_path):
    """Return a run's folder that notes two files beside it."""
    (tmp_path / "raw.json").write_text('{"data": []}', encoding="utf-8")
    (tmp_path / "devices.json").write_text("[]", encoding="utf-8")
    folder = tmp_path / "run"
    folder.mkdir()
    note_input(folder, described_input(raw=tmp_path / "raw.json", devices=tmp_path / "devices.json"))
    return folder


def test_finds_the_files_where_they_were(run, tmp_path):
    """By their absolute paths, whatever the folder one is in by now."""
    assert noted_input(run) == (tmp_path / "raw.json", tmp_path / "devices.json")
    assert json.loads((run / "input.json").read_text(encoding="utf-8"))["raw"]["bytes"] == 12


def test_a_moved_file_is_named(run, tmp_path):
    """It must be the same file."""
    (tmp_path / "raw.json").rename(tmp_path / "kept.json")
    with pytest.raises(InputChangedError, match=r"raw\.json: gone; the run read 12 bytes .* say where: --raw FILE"):
        noted_input(run)
    assert noted_input(run, raw=tmp_path / "kept.json")[0] == tmp_path / "kept.json"
    (tmp_path / "kept.json").write_text('{"data":  []}', encoding="utf-8")
    with pytest.raises(InputChangedError, match=r"kept\.json: not what the run read; found 13 bytes"):
        noted_input(run, raw=tmp_path / "kept.json")


def test_a_changed_devices_file_is_named(run, tmp_path):
    """Same length, other content."""
    (tmp_path / "devices.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputChangedError, match=r"devices\.json: not what the run read; .* --devices FILE"):
        noted_input(run)


def test_a_run_without_a_raw_file_has_none(run, tmp_path):
    """A day without a file is no failure, and can be looked into."""
    note_input(run, described_input(raw=tmp_path / "none.json", devices=tmp_path / "devices.json"))
    assert noted_input(run)[0] is None
    with pytest.raises(InputChangedError, match="it found no raw file"):
        noted_input(run, raw=tmp_path / "raw.json")


def test_a_pipe_is_not_read_again(run, tmp_path):
    """Nor waited for."""
    os.mkfifo(tmp_path / "pipe")
    note_input(run, described_input(raw=tmp_path / "pipe", devices=tmp_path / "devices.json"))
    with pytest.raises(InputChangedError, match="from a pipe"):
        noted_input(run)


def test_a_folder_without_a_note_says_so(tmp_path):
    """Such as a run from before there were notes."""
    with pytest.raises(RunNotFoundError, match=r"found no input\.json"):
        noted_input(tmp_path)
