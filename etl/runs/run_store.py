"""The runs of the past and their executed notebooks: in a local folder, or in the analytics bucket of a stage."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from etl.contract.run_date import RunDate
from etl.errors import RunNotFoundError
from etl.runs.layout import RUNS, parse_key, run_prefix
from etl.storage import object_store

MAX_NAMES = 10

# run date -> execution -> when its newest notebook was written (UTC)
Runs = Mapping[RunDate, Mapping[str, datetime]]


def runs_in_folder(out: Path) -> Runs:
    """Return the runs with a notebook in a folder that mirrors the analytics bucket."""
    paths = (out / RUNS).glob("*/*/*")
    return _runs(
        {path.relative_to(out).as_posix(): datetime.fromtimestamp(path.stat().st_mtime, UTC) for path in paths}
    )


def runs_in_bucket(bucket: str) -> Runs:
    """Return the runs with a notebook in an analytics bucket."""
    return _runs(object_store.list_modified(bucket, RUNS))


def find_execution(runs: Runs, *, run_date: RunDate, execution: str | None, where: str) -> str:
    """Return the name of an execution if it is among the runs of its day; for None, the newest of that day.

    `where` names the folder or bucket of the runs, for messages.

    Raises
    ------
    RunNotFoundError
        There is no such run; the message names those that there are, newest first, at most ten.
    """
    if run_date not in runs:
        days = [day.compact for day in sorted(runs, reverse=True)]
        raise RunNotFoundError(
            f"{where}: no run of {run_date.compact}; found {_named(days) or 'no run at all'}; expected the "
            "day of a run that is there."
        )
    newest_first = sorted(runs[run_date], key=lambda name: runs[run_date][name], reverse=True)
    if execution is None:
        return newest_first[0]
    if execution not in newest_first:
        raise RunNotFoundError(
            f"{where}: no execution {execution!r:.90} of {run_date.compact}; found {_named(newest_first)}; "
            "expected one of these."
        )
    return execution


def notebooks_in_folder(folder: Path) -> dict[str, bytes]:
    """Return the executed notebooks in the folder of a run, by file name."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.ipynb"))}


def notebooks_in_bucket(bucket: str, run_date: RunDate, execution: str) -> dict[str, bytes]:
    """Return the executed notebooks of a run in an analytics bucket, by file name."""
    prefix = run_prefix(run_date, execution)
    keys = [key for key in object_store.list_keys(bucket, prefix) if key.endswith(".ipynb")]
    return {key.removeprefix(prefix): object_store.read(bucket, key).content for key in keys}


def _runs(modified_at: Mapping[str, datetime]) -> Runs:
    """Return the runs whose notebooks are among some keys, which come with the time of their last change."""
    runs: dict[RunDate, dict[str, datetime]] = {}
    for key, at in modified_at.items():
        file = parse_key(key)
        if file and file.name.endswith(".ipynb"):
            executions = runs.setdefault(file.run_date, {})
            executions[file.execution] = max(at, executions.get(file.execution, at))
    return runs


def _named(names: list[str]) -> str:
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    return ", ".join(names[:MAX_NAMES]) + more
