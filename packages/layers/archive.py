"""Pack a layer so that the same files always give the same bytes."""

from __future__ import annotations

import zipfile
from pathlib import Path

# The earliest time that a zip file can hold: nobody's clock shows in it
_TIME = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_READABLE_FILE = 0o100644
_LEVEL = 6


def write_zip(folder: Path, path: Path) -> None:
    """Write all files below a folder to a new zip file, sorted by name, readable by everyone.

    Parameters
    ----------
    folder
        The layer: what lies in it lies at the zip's root.
    path
        The zip file; replaced if it exists.

    Notes
    -----
    Time, permissions and order are fixed. The bytes also depend on Python's zlib, which is the same on one machine.
    """
    files = sorted((file.relative_to(folder).as_posix(), file) for file in folder.rglob("*") if file.is_file())
    with zipfile.ZipFile(path, "w") as archive:
        for name, file in files:
            entry = zipfile.ZipInfo(name, _TIME)
            entry.create_system = _UNIX
            entry.external_attr = _READABLE_FILE << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.read_bytes(), compresslevel=_LEVEL)
