"""Pack a folder so that the same files always give the same bytes."""

from __future__ import annotations

import zipfile
from pathlib import Path

_EARLIEST_TIME = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_READABLE_FILE = 0o100644
_COMPRESSION_LEVEL = 6


def write_zip(folder: Path, path: Path) -> None:
    """Write all files below a folder to a new zip file, with fixed time and permissions, sorted by name.

    The bytes also depend on the version of zlib that this Python uses.
    """
    files = sorted((file.relative_to(folder).as_posix(), file) for file in folder.rglob("*") if file.is_file())
    with zipfile.ZipFile(path, "w") as archive:
        for name, file in files:
            entry = zipfile.ZipInfo(name, _EARLIEST_TIME)
            entry.create_system = _UNIX
            entry.external_attr = _READABLE_FILE << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.read_bytes(), compresslevel=_COMPRESSION_LEVEL)
