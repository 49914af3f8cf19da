"""Unpack function and layer archives as Lambda does: modes, times and links kept, and nothing outside the folder."""

import calendar
import os
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from local_aws.errors import BrokenArchiveError

_BROKEN = (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, RuntimeError, EOFError)


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip file into a new folder, which then is complete: it appears at once or not at all.

    Parameters
    ----------
    archive
        The zip file.
    folder
        Does not exist yet.

    Raises
    ------
    BrokenArchiveError
        It is no sound zip file, or an entry or a link leads out of the folder.
    """
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        with zipfile.ZipFile(archive) as packed:
            _unpack_all(packed, partial)
        partial.rename(folder)
    except _BROKEN as error:
        raise BrokenArchiveError(f"no sound zip file; found {error}; expected one") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def overlay(folders: Iterable[Path], target: Path) -> None:
    """Make a new folder that shows several at once: hard links, no copies; where two have a name, the later one counts.

    Parameters
    ----------
    folders
        On the same file system as `target`; not changed.
    target
        Does not exist yet; appears complete.
    """
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for folder in folders:
        for place, directories, names in os.walk(folder):
            here = partial / Path(place).relative_to(folder)
            if here.is_symlink() or here.is_file():
                here.unlink()
            here.mkdir(parents=True, exist_ok=True)
            links = [name for name in directories if Path(place, name).is_symlink()]
            for name in (*names, *links):
                _remove(here / name)
                os.link(Path(place, name), here / name, follow_symlinks=False)
    partial.rename(target)


def unpacked_bytes(folder: Path) -> int:
    """Return the size of all files in a folder, in bytes, as Lambda's limit counts them."""
    return sum(Path(place, name).lstat().st_size for place, _, names in os.walk(folder) for name in names)


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
    # Last, so that no entry is written through one of them.
    for path, aim, _ in links:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(aim)
    for path, aim, name in links:
        if PurePosixPath(aim).is_absolute() or not path.resolve().is_relative_to(folder.resolve()):
            raise BrokenArchiveError(f"{name}: the link leads out of the archive; found '{aim[:100]}'; expected inside")


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
