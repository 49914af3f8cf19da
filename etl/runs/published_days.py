"""What was published for earlier days: how many events their hours had, and their whole histories."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pandas as pd

from etl.contract.history_csv import from_csv
from etl.errors import MissingObjectError
from etl.runs.layout import published_key
from etl.runs.manifest import events_by_hour_of
from etl.storage import object_store


def earlier_hours(bucket: str, run_date: str, *, n_days: int, time_zone: str) -> list[pd.Series]:
    """Return the events per hour of the histories that were published for earlier days.

    They stand in the manifests that the published histories name: two small requests for each day, no history is read.

    Parameters
    ----------
    bucket
        The analytics bucket.
    run_date
        The days before this one, ``YYYY-MM-DD``.
    n_days
        How many days to look back.
    time_zone
        The zone whose hours are counted; a manifest that counted others says nothing here.

    Returns
    -------
    list of Series
        As `etl.analysis.volume.events_by_hour` makes them, the latest day first; nothing for a day without publication.
    """
    found = []
    for day in _days_before(run_date, n_days):
        metadata = object_store.metadata_of(bucket, published_key(day))
        if metadata and "manifest" in metadata:
            hours = events_by_hour_of(_manifest(bucket, metadata["manifest"]), time_zone=time_zone)
            found += [hours] if hours is not None else []
    return found


def with_earlier_histories(history: pd.DataFrame, bucket: str, run_date: str, *, n_days: int) -> pd.DataFrame:
    """Put the histories that were published for earlier days before a history, for a look at a longer time.

    Parameters
    ----------
    history
        One row per event and owner. Unchanged.
    bucket, run_date, n_days
        As in `earlier_hours`; 0 days give the history itself.

    Returns
    -------
    DataFrame
        One row per event and owner, the earliest day first. Events that several histories hold are there several times.
    """
    parts = [history]
    for day in _days_before(run_date, n_days):
        try:
            parts.append(from_csv(object_store.read(bucket, published_key(day)).content))
        except MissingObjectError:
            continue
    return pd.concat(parts[::-1], ignore_index=True) if len(parts) > 1 else history


def _days_before(run_date: str, n_days: int) -> list[str]:
    return [(date.fromisoformat(run_date) - timedelta(days=n)).isoformat() for n in range(1, n_days + 1)]


def _manifest(bucket: str, key: str) -> dict[str, object]:
    """Return a manifest; an empty one where somebody has removed it, because to compare is no duty."""
    try:
        manifest: dict[str, object] = json.loads(object_store.read(bucket, key).content)
    except MissingObjectError:
        return {}
    return manifest
