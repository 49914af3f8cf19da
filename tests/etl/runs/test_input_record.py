"""The input record of a run finds its files again, and detects changed ones."""

import json
import os

import pytest

from etl.errors import InputChangedError, RunNotFoundError
from etl.runs.input_record import make_input_record, recorded_files, write_input_record


@pytest.fixture
def run(tmp_path):
    """Return a run's folder with a record of two files beside it."""
    (tmp_path / "raw.json").write_text('{"data": []}', encoding="utf-8")
    (tmp_path / "devices.json").write_text("[]", encoding="utf-8")
    folder = tmp_path / "run"
    folder.mkdir()
    write_input_record(folder, make_input_record(raw=tmp_path / "raw.json", devices=tmp_path / "devices.json"))
    return folder


def test_finds_the_files_where_they_were(run, tmp_path):
    """Finds them by absolute paths, independent of the working directory."""
    assert recorded_files(run) == (tmp_path / "raw.json", tmp_path / "devices.json")
    assert json.loads((run / "input.json").read_text(encoding="utf-8"))["raw"]["bytes"] == 12


def test_a_moved_file_is_named(run, tmp_path):
    """Accepts a moved file only with the same content."""
    (tmp_path / "raw.json").rename(tmp_path / "kept.json")
    with pytest.raises(InputChangedError, match=r"raw\.json: gone; the run read 12 bytes .* say where: --raw FILE"):
        recorded_files(run)
    assert recorded_files(run, raw=tmp_path / "kept.json")[0] == tmp_path / "kept.json"
    (tmp_path / "kept.json").write_text('{"data":  []}', encoding="utf-8")
    with pytest.raises(InputChangedError, match=r"kept\.json: not what the run read; found 13 bytes"):
        recorded_files(run, raw=tmp_path / "kept.json")


def test_a_changed_devices_file_is_named(run, tmp_path):
    """Detects other content of the same length."""
    (tmp_path / "devices.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputChangedError, match=r"devices\.json: not what the run read; .* --devices FILE"):
        recorded_files(run)


def test_a_run_without_a_raw_file_has_none(run, tmp_path):
    """Returns None for the raw file that was not there, and refuses any other."""
    write_input_record(run, make_input_record(raw=tmp_path / "none.json", devices=tmp_path / "devices.json"))
    assert recorded_files(run)[0] is None
    with pytest.raises(InputChangedError, match="it found no raw file"):
        recorded_files(run, raw=tmp_path / "raw.json")


def test_a_pipe_is_not_read_again(run, tmp_path):
    """Refuses a pipe at once, without waiting for it."""
    os.mkfifo(tmp_path / "pipe")
    write_input_record(run, make_input_record(raw=tmp_path / "pipe", devices=tmp_path / "devices.json"))
    with pytest.raises(InputChangedError, match="from a pipe"):
        recorded_files(run)


def test_a_folder_without_a_record_is_named(tmp_path):
    """Names the missing file."""
    with pytest.raises(RunNotFoundError, match=r"found no input\.json"):
        recorded_files(tmp_path)
