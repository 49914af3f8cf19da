"""Unpack archives of functions and layers as Lambda does: with modes, times and links, and only into the folder."""

import calendar
import contextlib
import os
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from local_aws.errors import BrokenArchiveError

_BROKEN = (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, RuntimeError, EOFError)


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip file into a new folder, which appears complete or not at all.

    Raises
    ------
    BrokenArchiveError
        It is no sound zip file, or an entry or a link leads out of the folder.
    """
    try:
        with _new_folder(folder) as partial, zipfile.ZipFile(archive) as packed:
            _unpack_all(packed, partial)
    except _BROKEN as error:
        raise BrokenArchiveError(f"no sound zip file; found {error}; expected one") from error


def overlay(folders: Iterable[Path], target: Path) -> None:
    """Merge folders of one file system into a new folder by hard links; of files with one name, the last one counts."""
    with _new_folder(target) as partial:
        for folder in folders:
            for directory, subdirectories, names in os.walk(folder):
                merged = partial / Path(directory).relative_to(folder)
                if merged.is_symlink() or merged.is_file():
                    merged.unlink()
                merged.mkdir(parents=True, exist_ok=True)
                links = [name for name in subdirectories if Path(directory, name).is_symlink()]
                for name in (*names, *links):
                    _remove(merged / name)
                    os.link(Path(directory, name), merged / name, follow_symlinks=False)


def unpacked_bytes(folder: Path) -> int:
    """Return the size of all files in a folder, in bytes, as Lambda's limit counts them."""
    return sum(Path(directory, name).lstat().st_size for directory, _, names in os.walk(folder) for name in names)


@contextlib.contextmanager
def _new_folder(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder that is renamed to `folder` when the block succeeds."""
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _unpack_all(packed: zipfile.ZipFile, folder: Path) -> None:
    links = []
    for entry in packed.infolist():
        path = folder / _checked(entry.filename)
        mode = entry.external_attr >> 16
        if stat.S_ISLNK(mode):
            links.append((path, packed.read(entry).decode("utf-8", errors="replace"), entry.filename))
            continue
        if entry.is_dir():
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        with packed.open(entry) as source, path.open("wb") as target:
            shutil.copyfileobj(source, target, 1024 * 1024)
        path.chmod(0o755 if mode & 0o111 else 0o644)
        modified = calendar.timegm((*entry.date_time, 0, 0, 0))  # a .pyc may depend on it
        os.utime(path, (modified, modified))
    # Links come last, so that no file is written through a link.
    for path, link_target, _ in links:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(link_target)
    for path, link_target, name in links:
        if PurePosixPath(link_target).is_absolute() or not path.resolve().is_relative_to(folder.resolve()):
            raise BrokenArchiveError(
                f"{name}: the link leads out of the archive; found '{link_target[:100]}'; expected inside"
            )


def _checked(name: str) -> PurePosixPath:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or "\0" in name:
        raise BrokenArchiveError(f"{name[:100]!r}: the entry leads out of the archive; expected a path inside")
    return path


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
