"""Files that the commands write are replaced as a whole."""

import pytest

from etl.cli.local_files import replace_file


def test_replaces_the_content_and_keeps_the_mode(tmp_path):
    """Makes missing folders, and leaves no temporary file behind."""
    path = tmp_path / "runs" / "a.json"
    replace_file(path, b"old")
    assert path.stat().st_mode & 0o777 == 0o644
    path.chmod(0o600)
    replace_file(path, b"new")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o600)
    assert list(path.parent.iterdir()) == [path]


def test_a_failed_write_changes_nothing(tmp_path):
    """Keeps the old content if the new one cannot be written."""
    path = tmp_path / "a.json"
    replace_file(path, b"old")
    with pytest.raises(TypeError):
        replace_file(path, "text")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
