"""Tests of unpacking archives."""

import stat
import zipfile
from pathlib import Path

import pytest

from local_aws.errors import BrokenArchiveError
from local_aws.functions.unpacking import overlay, unpack, unpacked_bytes


def packed(path: Path, *entries: tuple[str, str, int]) -> Path:
    """Write a zip file of names, contents and Unix modes."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content, mode in entries:
            entry = zipfile.ZipInfo(name, (2021, 3, 22, 15, 30, 10))
            entry.external_attr = mode << 16
            archive.writestr(entry, content)
    return path


def test_files_keep_what_running_them_needs(tmp_path: Path) -> None:
    """Keeps content, executable bit, time in UTC, and links that stay inside."""
    archive = packed(
        tmp_path / "a.zip",
        ("lib.so.1", "x", 0o100600),
        ("bin/run", "#!", 0o100755),
        ("lib.so", "lib.so.1", stat.S_IFLNK | 0o777),
    )
    unpack(archive, tmp_path / "out")
    assert (tmp_path / "out" / "lib.so").read_text() == "x"
    assert stat.S_IMODE((tmp_path / "out" / "bin" / "run").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "out" / "lib.so.1").stat().st_mode) == 0o644
    assert (tmp_path / "out" / "lib.so.1").stat().st_mtime == 1616427010


@pytest.mark.parametrize(
    "entries",
    [
        [("../out.txt", "x", 0o100644)],
        [("a/../../out.txt", "x", 0o100644)],
        [("..\\out.txt", "x", 0o100644)],
        [("/out.txt", "x", 0o100644)],
        [("link", "../..", stat.S_IFLNK | 0o777)],
        [("link", "/etc/passwd", stat.S_IFLNK | 0o777)],
        [("a/far", "../b/c", stat.S_IFLNK | 0o777), ("b/c/x", "", 0o100644), ("l", "a/far/../../..", stat.S_IFLNK)],
        [("link", "..", stat.S_IFLNK | 0o777), ("link/out.txt", "x", 0o100644)],
    ],
)
def test_nothing_leaves_the_folder(tmp_path: Path, entries: list[tuple[str, str, int]]) -> None:
    """Rejects an archive with an entry that leads out of the folder, and writes no file."""
    archive = packed(tmp_path / "a.zip", *entries)
    with pytest.raises(BrokenArchiveError, match=r"leads out of the archive|no sound zip file"):
        unpack(archive, tmp_path / "deep" / "out")
    assert list((tmp_path / "deep").iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "deep"]


def test_a_file_that_is_no_zip_file_is_an_error(tmp_path: Path) -> None:
    """Rejects text and a truncated zip file."""
    whole = packed(tmp_path / "whole.zip", ("a.py", "x" * 1000, 0o100644)).read_bytes()
    for content in (b"no zip", whole[:500]):
        (tmp_path / "a.zip").write_bytes(content)
        with pytest.raises(BrokenArchiveError, match="no sound zip file"):
            unpack(tmp_path / "a.zip", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_later_layer_wins_and_nothing_is_copied(tmp_path: Path) -> None:
    """Prefers the later layer, also when a folder replaces a file or a file a folder, and changes no layer."""
    one, two, both = tmp_path / "one", tmp_path / "two", tmp_path / "both"
    for path, content in {
        one / "python" / "a.py": "a1",
        one / "python" / "b.py": "b1",
        one / "x": "file",
        one / "y" / "in_y": "",
        two / "python" / "b.py": "b2",
        two / "x" / "in_x": "",
        two / "y": "file",
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    (one / "python" / "link").symlink_to("a.py")
    overlay([one, two], both)
    assert (both / "python" / "a.py").read_text(encoding="utf-8") == "a1"
    assert (both / "python" / "b.py").read_text(encoding="utf-8") == "b2"
    assert (both / "python" / "link").readlink() == Path("a.py")
    assert (both / "x" / "in_x").exists()
    assert (both / "y").is_file()
    assert (both / "python" / "a.py").samefile(one / "python" / "a.py")
    assert (one / "python" / "b.py").read_text(encoding="utf-8") == "b1"
    assert unpacked_bytes(both / "python") == 2 + 2 + len("a.py")
