"""The runs that were kept: in a local folder, or in the analytics bucket of a stage."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from etl.errors import RunNotFoundError
from etl.runs.layout import run_prefix
from etl.storage import object_store

MOST_NAMED = 10

# day (YYYYMMDD) -> execution -> when something of it was last written (UTC)
Runs = Mapping[str, Mapping[str, datetime]]


def runs_in_folder(out: Path) -> Runs:
    """Return the runs in a folder that mirrors the analytics bucket, those that kept a notebook."""
    found: dict[str, dict[str, datetime]] = {}
    for path in out.glob("runs/*/*/*.ipynb"):
        _add(found, path.parts[-3], path.parts[-2], datetime.fromtimestamp(path.stat().st_mtime, UTC))
    return found


def runs_in_bucket(bucket: str) -> Runs:
    """Return the runs in an analytics bucket, those that kept a notebook."""
    found: dict[str, dict[str, datetime]] = {}
    for key, modified_at in object_store.list_modified(bucket, "runs/").items():
        parts = key.split("/")
        if len(parts) == len(("runs", "day", "execution", "name")) and key.endswith(".ipynb"):
            _add(found, parts[1], parts[2], modified_at)
    return found


def chosen_execution(runs: Runs, *, run_date: str, execution: str | None, where: str) -> str:
    """Return the execution of a day that was asked for, or the newest one.

    Parameters
    ----------
    runs
        What there is.
    run_date
        ``YYYY-MM-DD``.
    execution
        Its name; None: the newest.
    where
        What was looked at, for messages.

    Raises
    ------
    RunNotFoundError
        There is no such run; the message names those that there are, newest first, at most ten.
    """
    day = run_date.replace("-", "")
    if day not in runs:
        raise RunNotFoundError(
            f"{where}: no run of {day}; found {_named(sorted(runs, reverse=True)) or 'no run at all'}; expected the "
            "day of a run that is there."
        )
    newest_first = sorted(runs[day], key=lambda name: runs[day][name], reverse=True)
    if execution is None:
        return newest_first[0]
    if execution not in runs[day]:
        raise RunNotFoundError(
            f"{where}: no execution {execution!r:.90} of {day}; found {_named(newest_first)}; expected one of these."
        )
    return execution


def notebooks_in_folder(folder: Path) -> dict[str, bytes]:
    """Return the executed notebooks of a run by name."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.ipynb"))}


def notebooks_in_bucket(bucket: str, run_date: str, execution: str) -> dict[str, bytes]:
    """Return the executed notebooks of a run by name."""
    prefix = run_prefix(run_date, execution)
    keys = [key for key in object_store.list_keys(bucket, prefix) if key.endswith(".ipynb")]
    return {key.removeprefix(prefix): object_store.read(bucket, key).content for key in keys}


def _add(found: dict[str, dict[str, datetime]], day: str, execution: str, at: datetime) -> None:
    executions = found.setdefault(day, {})
    executions[execution] = max(at, executions.get(execution, at))


def _named(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
