"""The record of the local files that a run read, in the run's folder, so that the run can be repeated on them.

The files are not copied: they may be large, and they belong to the user. Their SHA-256 shows whether they have changed.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from etl.errors import InputChangedError, RunNotFoundError
from etl.runs.layout import INPUT_RECORD


def make_input_record(*, raw: Path, devices: Path) -> dict[str, Any]:
    """Return path, size in bytes and SHA-256 of both files; null for a raw file that does not exist."""
    return {"raw": _describe(raw), "devices": _describe(devices)}


def write_input_record(folder: Path, record: dict[str, Any]) -> None:
    """Write a record from `make_input_record` into the folder of a run."""
    text = json.dumps(record, ensure_ascii=False, indent=2) + "\n"
    (folder / INPUT_RECORD).write_text(text, encoding="utf-8")


def recorded_files(folder: Path, *, raw: Path | None = None, devices: Path | None = None) -> tuple[Path | None, Path]:
    """Return the raw file (None: the run found none) and the devices file that a run read, if both are unchanged.

    Parameters
    ----------
    folder
        The run's folder.
    raw, devices
        The present paths of the files, if they were moved.

    Raises
    ------
    RunNotFoundError
        The folder has no record.
    InputChangedError
        A file is gone, or its content has changed.
    """
    try:
        record = json.loads((folder / INPUT_RECORD).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunNotFoundError(
            f"{folder}: does not say what the run read; found no {INPUT_RECORD}; expected the folder of a run that "
            "'etl run' made. Run the files again: 'etl lab --raw FILE --devices FILE --run-date DATE'."
        ) from None
    if raw and not record["raw"]:
        raise InputChangedError(f"{raw}: not what the run read; it found no raw file. Leave --raw out.")
    raw_file = _unchanged(record["raw"], raw, "--raw") if record["raw"] else None
    return raw_file, _unchanged(record["devices"], devices, "--devices")


def _describe(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    if not path.is_file():  # a pipe cannot be read a second time
        return {"path": str(path.absolute()), "bytes": None, "sha256": None}
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return {"path": str(path.absolute()), "bytes": path.stat().st_size, "sha256": sha256}


def _unchanged(recorded: dict[str, Any], moved_to: Path | None, option: str) -> Path:
    path = moved_to or Path(recorded["path"])
    if recorded["sha256"] is None:
        raise InputChangedError(f"{path}: the run read it from a pipe or the like, which cannot be read again.")
    present = _describe(path)
    if present is None or present["sha256"] is None:
        raise InputChangedError(
            f"{path}: gone; the run read {recorded['bytes']:,} bytes from {recorded['path']}. If the file lies "
            f"elsewhere by now, say where: {option} FILE."
        )
    if present["sha256"] != recorded["sha256"]:
        raise InputChangedError(
            f"{path}: not what the run read; found {present['bytes']:,} bytes with sha256 {present['sha256'][:12]}...; "
            f"expected {recorded['bytes']:,} bytes with sha256 {recorded['sha256'][:12]}.... If the file lies "
            f"elsewhere by now, say where: {option} FILE."
        )
    return path
