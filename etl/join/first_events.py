"""The first events of a raw file, for a look at them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from etl.contract.columns import EVENT_COLUMNS
from etl.join.record_reader import read_events


@dataclass(frozen=True)
class FirstEvents:
    """The valid events at the beginning of a raw file, in file order, as text.

    `n_quarantined` counts the records among them that broke the contract; `is_whole`: the file has no more events.
    """

    events: pd.DataFrame
    n_quarantined: int
    is_whole: bool

    def summary(self) -> pd.DataFrame:
        """Return one row: counts, and the first and last event's time (UTC, null without events)."""
        seconds = pd.to_numeric(self.events["timestamp"])
        at = pd.to_datetime(seconds, unit="s", utc=True)
        return pd.DataFrame(
            {
                "n_events": [len(self.events)],
                "n_devices": [self.events["device_id"].nunique()],
                "n_set_aside": [self.n_quarantined],
                "first_at": [at.min()],
                "last_at": [at.max()],
                "whole_file": [self.is_whole],
            }
        )


def read_first_events(blocks: Iterable[bytes], *, source: str, run_date: str, max_events: int) -> FirstEvents:
    """Read the first events of a raw file, at most `max_events`, and the file no further than needed.

    The other parameters, and the errors, are those of `etl.join.record_reader.read_events`.

    Examples
    --------
    >>> block = b'{"data": [{"device_id": "a", "timestamp": "1616506124", "power": "on"}]}'
    >>> first = read_first_events([block], source="a.json", run_date="2021-03-23", max_events=10)
    >>> len(first.events), first.is_whole
    (1, True)
    """
    parts = [pd.DataFrame(columns=EVENT_COLUMNS, dtype="str")]
    n_events = n_quarantined = 0
    for piece in read_events(blocks, source=source, run_date=run_date):
        n_quarantined += len(piece.quarantined)
        parts.append(piece.events.slice(0, max_events - n_events).to_pandas(use_threads=False))
        n_events += len(piece.events)
        if n_events > max_events:
            break
    return FirstEvents(pd.concat(parts, ignore_index=True), n_quarantined, is_whole=n_events <= max_events)
