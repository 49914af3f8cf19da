"""Where things lie in the analytics bucket, and in a local folder that mirrors it.

``runs/YYYYMMDD/<execution>/`` belongs to one run, whose files are never overwritten: executed notebooks and the files
named below. ``devices_operation_history_data/YYYYMMDD.csv`` is the published history of a day.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import NamedTuple

from etl.contract.run_date import RunDate
from etl.errors import ParametersError

RUNS = "runs/"
HISTORY, QUARANTINE, JOIN_REPORT = "history.csv", "quarantine.jsonl", "join.json"
MANIFEST, REPORT = "manifest.json", "report.html"
INPUT_RECORD = "input.json"  # only of a run of ``etl run``

# the characters and length that Step Functions allows in an execution's name and that are safe in a key
_EXECUTION = re.compile(r"[A-Za-z0-9_-]{1,80}")
_RUN_KEY = re.compile(rf"{RUNS}([0-9]{{8}})/([^/]+)/([^/]+)")
_TRY = re.compile(r"\.try-([0-9]+)(?=\.|$)")


class RunFile(NamedTuple):
    """A file of a run: the run's date, the name of its execution, and the file's name."""

    run_date: RunDate
    execution: str
    name: str


def run_prefix(run_date: str | RunDate, execution: str) -> str:
    """Return the prefix of everything that one run writes.

    Examples
    --------
    >>> run_prefix("2021-03-23", "nightly-1")
    'runs/20210323/nightly-1/'
    """
    if not _EXECUTION.fullmatch(execution):
        raise ParametersError(
            f"execution: found {execution!r:.90}; expected 1 to 80 letters, digits, hyphens or underscores."
        )
    return f"{RUNS}{RunDate.parse(run_date).compact}/{execution}/"


def published_key(run_date: str | RunDate) -> str:
    """Return the key of the day's published history.

    Examples
    --------
    >>> published_key("2021-03-23")
    'devices_operation_history_data/20210323.csv'
    """
    return f"devices_operation_history_data/{RunDate.parse(run_date).compact}.csv"


def parse_key(key: str) -> RunFile | None:
    """Return which file of which run a key is; None for any other key.

    Examples
    --------
    >>> parse_key("runs/20210323/nightly-1/manifest.json").name, parse_key("runs/20210323/") is None
    ('manifest.json', True)
    """
    if not (parts := _RUN_KEY.fullmatch(key)):
        return None
    try:
        return RunFile(RunDate.parse(parts[1], allow_compact=True), parts[2], parts[3])
    except ParametersError:
        return None


def name_of_try(name: str, number: int) -> str:
    """Return the name under which a later try of a step writes a file that an earlier try wrote already.

    Examples
    --------
    >>> name_of_try("report.html", 1), name_of_try("report.html", 2)
    ('report.html', 'report.try-2.html')
    """
    path = PurePosixPath(name)
    return name if number == 1 else f"{path.stem}.try-{number}{path.suffix}"


def name_and_try(name: str) -> tuple[str, int]:
    """Return the name that a file has in the first try of its step, and the number of its own try.

    Examples
    --------
    >>> name_and_try("report.html"), name_and_try("report.try-2.html")
    (('report.html', 1), ('report.html', 2))
    """
    found = _TRY.search(name)
    return _TRY.sub("", name), int(found[1]) if found else 1
