"""Which local files a run read, noted in the run's folder, so that the run can be looked into later on the same input.

The files are not copied: they may be large, and they are their owner's. What is noted tells whether they still are what
the run read.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from etl.errors import InputChangedError, RunNotFoundError

NOTE = "input.json"


def described_input(*, raw: Path, devices: Path) -> dict[str, Any]:
    """Return where both files lie, their size in bytes and their SHA-256; null for a raw file that is not there."""
    return {"raw": _described(raw), "devices": _described(devices)}


def note_input(folder: Path, described: dict[str, Any]) -> None:
    """Write what `described_input` returned into the folder of a run."""
    text = json.dumps(described, ensure_ascii=False, indent=2) + "\n"
    (folder / NOTE).write_text(text, encoding="utf-8")


def noted_input(folder: Path, *, raw: Path | None = None, devices: Path | None = None) -> tuple[Path | None, Path]:
    """Return the raw file (None: the run found none) and the devices file that a run read, if they still are the same.

    Parameters
    ----------
    folder
        The run's folder.
    raw, devices
        Where the files lie by now, if they were moved.

    Raises
    ------
    RunNotFoundError
        The folder does not say what the run read.
    InputChangedError
        A file is gone, or is another one now.
    """
    try:
        noted = json.loads((folder / NOTE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunNotFoundError(
            f"{folder}: does not say what the run read; found no {NOTE}; expected the folder of a run that 'etl run' "
            "made. Run the files again: 'etl lab --raw FILE --devices FILE --run-date DATE'."
        ) from None
    if raw and not noted["raw"]:
        raise InputChangedError(f"{raw}: not what the run read; it found no raw file. Leave --raw out.")
    found_raw = _checked(noted["raw"], raw, "--raw") if noted["raw"] else None
    return found_raw, _checked(noted["devices"], devices, "--devices")


def _described(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    if not path.is_file():  # what a pipe gave is gone
        return {"path": str(path.absolute()), "bytes": None, "sha256": None}
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return {"path": str(path.absolute()), "bytes": path.stat().st_size, "sha256": sha256}


def _checked(noted: dict[str, Any], moved_to: Path | None, option: str) -> Path:
    path = moved_to or Path(noted["path"])
    if noted["sha256"] is None:
        raise InputChangedError(f"{path}: the run read it from a pipe or the like, which cannot be read again.")
    found = _described(path)
    if found is None or found["sha256"] is None:
        raise InputChangedError(
            f"{path}: gone; the run read {noted['bytes']:,} bytes from {noted['path']}. If the file lies elsewhere by "
            f"now, say where: {option} FILE."
        )
    if found["sha256"] != noted["sha256"]:
        raise InputChangedError(
            f"{path}: not what the run read; found {found['bytes']:,} bytes with sha256 {found['sha256'][:12]}...; "
            f"expected {noted['bytes']:,} bytes with sha256 {noted['sha256'][:12]}.... If the file lies elsewhere by "
            f"now, say where: {option} FILE."
        )
    return path
