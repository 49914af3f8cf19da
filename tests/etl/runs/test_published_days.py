"""Histories of earlier days are found by their metadata, and a missing one is no error."""

import json

import pandas as pd
import pytest

from etl.contract.columns import HISTORY_COLUMNS
from etl.contract.history_csv import to_csv
from etl.runs.manifest import manifest
from etl.runs.published_days import earlier_hours, with_earlier_histories

pytestmark = [pytest.mark.functional]

BUCKET, TOKYO = "earlier-days-test", "Asia/Tokyo"


def history(device_id):
    """Return a history of one event."""
    return pd.DataFrame([(device_id, "1616506124", "on", "u", "TV")], columns=HISTORY_COLUMNS, dtype="str")


def hours(day):
    """Return the events of two hours."""
    return pd.Series([3, 4], index=pd.DatetimeIndex([f"{day} 22:00", f"{day} 23:00"], name="hour"), name="n_events")


@pytest.fixture(scope="module")
def published(embedded_aws):
    """Publish the 19th to 22nd: with a manifest, with one without hours, with a lost one, with none."""
    s3 = embedded_aws.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": embedded_aws.region})
    record = manifest({}, [], events_by_hour=hours("2021-03-22"), time_zone=TOKYO, seconds={}, provenance={})
    for day, metadata, body in (
        ("20210322", {"manifest": "runs/20210322/r/manifest.json"}, record),
        ("20210321", {"manifest": "runs/20210321/r/manifest.json"}, {"checks": []}),
        ("20210320", {"manifest": "runs/20210320/r/lost.json"}, None),
        ("20210319", {}, None),
    ):
        key = f"devices_operation_history_data/{day}.csv"
        s3.put_object(Bucket=BUCKET, Key=key, Body=to_csv(history(day)), Metadata=metadata)
        if body is not None:
            s3.put_object(Bucket=BUCKET, Key=metadata["manifest"], Body=json.dumps(body).encode())
    yield
    for item in s3.list_objects_v2(Bucket=BUCKET)["Contents"]:
        s3.delete_object(Bucket=BUCKET, Key=item["Key"])
    s3.delete_bucket(Bucket=BUCKET)


@pytest.mark.usefixtures("published")
def test_hours_come_from_the_manifests_of_what_is_published():
    """Reads the hours of the one manifest that has them, and none of another time zone."""
    (found,) = earlier_hours(BUCKET, "2021-03-23", n_days=7, time_zone=TOKYO)
    pd.testing.assert_series_equal(found, hours("2021-03-22"), check_freq=False)
    assert earlier_hours(BUCKET, "2021-03-23", n_days=7, time_zone="Europe/Berlin") == []
    assert earlier_hours(BUCKET, "2021-03-23", n_days=0, time_zone=TOKYO) == []


@pytest.mark.usefixtures("published")
def test_histories_of_earlier_days_are_put_before_this_one():
    """Puts the earliest day first and skips days without publication."""
    own = history("own")
    looked_at = with_earlier_histories(own, BUCKET, "2021-03-23", n_days=3)
    assert looked_at["device_id"].tolist() == ["20210320", "20210321", "20210322", "own"]
    assert with_earlier_histories(own, BUCKET, "2021-03-23", n_days=0) is own
    assert with_earlier_histories(own, BUCKET, "2021-03-18", n_days=3) is own
