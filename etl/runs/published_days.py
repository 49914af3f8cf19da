"""The published histories of earlier days, and how many events each of their hours had."""

from __future__ import annotations

import json

import pandas as pd

from etl.contract.history_csv import from_csv
from etl.contract.run_date import RunDate
from etl.errors import MissingObjectError
from etl.runs.layout import published_key
from etl.runs.manifest import events_by_hour_of
from etl.storage import object_store


def earlier_hours(bucket: str, run_date: str, *, n_days: int, time_zone: str) -> list[pd.Series]:
    """Return the events per hour of the histories that were published for earlier days.

    Reads them from the manifests that the published histories name: two small requests a day, and no history.

    Parameters
    ----------
    bucket
        The analytics bucket.
    run_date, n_days
        How many days before which run date, ``YYYY-MM-DD``.
    time_zone
        IANA name of the zone whose hours are counted; a manifest with the hours of another zone is left out.

    Returns
    -------
    list of Series
        As `etl.analysis.volume.events_by_hour` returns them, the latest day first; none for a day without publication.
    """
    counts = []
    for day in RunDate.parse(run_date).days_before(n_days):
        metadata = object_store.metadata_of(bucket, published_key(day))
        if metadata and "manifest" in metadata:
            hours = events_by_hour_of(_manifest(bucket, metadata["manifest"]), time_zone=time_zone)
            counts += [hours] if hours is not None else []
    return counts


def with_earlier_histories(history: pd.DataFrame, bucket: str, run_date: str, *, n_days: int) -> pd.DataFrame:
    """Return a history with those published for earlier days before it, to look at a longer time.

    Returns
    -------
    DataFrame
        One row per event and owner, the earliest day first; an event in several histories is repeated. With 0 days, it
        is `history` itself, which is not changed.
    """
    parts = [history]
    for day in RunDate.parse(run_date).days_before(n_days):
        try:
            parts.append(from_csv(object_store.read(bucket, published_key(day)).content))
        except MissingObjectError:
            continue
    return pd.concat(parts[::-1], ignore_index=True) if len(parts) > 1 else history


def _manifest(bucket: str, key: str) -> dict[str, object]:
    """Return a manifest; an empty one where it was removed, because a run can do without the comparison."""
    try:
        manifest: dict[str, object] = json.loads(object_store.read(bucket, key).content)
    except MissingObjectError:
        return {}
    return manifest
