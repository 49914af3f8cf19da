"""Local files of the commands: the raw file, and the folder that mirrors the analytics bucket."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from etl.errors import RawFileError
from etl.storage import object_store


@contextmanager
def open_raw(path: Path, *, missing_ok: bool = False) -> Iterator[BinaryIO | None]:
    """Yield the open raw file; with `missing_ok`, None if there is no such file.

    Raises
    ------
    RawFileError
        The file cannot be read.
    """
    try:
        raw = path.open("rb")
    except OSError as error:
        if not (missing_ok and isinstance(error, FileNotFoundError)):
            raise RawFileError(f"{path}: cannot be read ({error.strerror}); expected a readable file.") from None
        yield None
        return
    with raw:
        yield raw


def mirror(bucket: str, prefix: str, out: Path) -> list[str]:
    """Copy a bucket's objects below a prefix into a folder, each whole or not at all; return their keys."""
    keys = object_store.list_keys(bucket, prefix)
    for key in keys:
        replace_file(out / key, object_store.read(bucket, key).content)
    return keys


def restore(bucket: str, prefix: str, paths: Iterable[Path]) -> None:
    """Copy the mirrored files of a run into a bucket, below the run's prefix."""
    for path in paths:
        with path.open("rb") as content:
            # by the bucket's policy an object below runs/ is only written where there is none
            object_store.put(bucket, prefix + path.name, content, only_if_absent=True)


def replace_file(path: Path, content: bytes) -> None:
    """Write a file, in place of one that is there, so that a reader sees the old or the new content as a whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as temporary:
        try:
            temporary.write(content)
            temporary.close()
            Path(temporary.name).chmod(mode)
            Path(temporary.name).replace(path)
        except BaseException:
            Path(temporary.name).unlink(missing_ok=True)
            raise
