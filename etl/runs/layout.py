"""Where things lie in the analytics bucket.

``runs/YYYYMMDD/<execution>/`` belongs to one run and is never overwritten;
``devices_operation_history_data/YYYYMMDD.csv`` is what people read.
"""

from __future__ import annotations

import re

from etl.errors import ParametersError
from etl.settings import checked_run_date

# the characters and length that Step Functions allows in an execution's name and that are safe in a key
_EXECUTION = re.compile(r"[A-Za-z0-9_-]{1,80}")


def run_prefix(run_date: str, execution: str) -> str:
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
    return f"runs/{_compact(run_date)}/{execution}/"


def published_key(run_date: str) -> str:
    """Return the key of the day's published history.

    Examples
    --------
    >>> published_key("2021-03-23")
    'devices_operation_history_data/20210323.csv'
    """
    return f"devices_operation_history_data/{_compact(run_date)}.csv"


def _compact(run_date: str) -> str:
    return checked_run_date(run_date).replace("-", "")
