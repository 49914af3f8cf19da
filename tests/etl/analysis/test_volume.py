"""Events per hour, compared with the usual number."""

import numpy as np
import pandas as pd
import pytest

from etl.analysis.volume import compare_with_usual, events_by_hour, events_by_type, first_hour, gaps, unusual_hours

TOKYO = "Asia/Tokyo"


def at(text, zone=TOKYO):
    """Return Unix seconds of a local time."""
    return int(pd.Timestamp(text, tz=zone).timestamp())


def events(*rows):
    """Return events of (time in Tokyo, type)."""
    return pd.DataFrame(
        {"timestamp": [at(when) for when, _ in rows], "type": pd.Categorical([device_type for _, device_type in rows])}
    ).astype({"timestamp": "int64"})


def hours(first, counts):
    """Return events per hour from `first` on, hours without any left out."""
    index = pd.date_range(first, periods=len(counts), freq="h", name="hour")
    series = pd.Series(counts, index=index, name="n_events")
    return series[series > 0]


def test_events_are_counted_in_the_hours_of_the_zone():
    """22:28 and midnight in Tokyo are 13:28 and 15:00 in UTC."""
    evening = events(("2021-03-23 22:28", "TV"), ("2021-03-24 00:00", "エアコン"), ("2021-03-24 00:00:01", "(unknown)"))
    expected = pd.DataFrame(
        [[0, 1, 0], [1, 0, 1]],
        index=pd.Index(["2021-03-23 22:00", "2021-03-24 00:00"], name="hour", dtype="str"),
        columns=pd.Index(["(unknown)", "TV", "エアコン"], name="type"),
    )
    pd.testing.assert_frame_equal(events_by_type(evening, time_zone=TOKYO), expected, check_column_type=False)
    assert events_by_type(evening, time_zone=TOKYO, by="day").sum(axis=1).to_dict() == {
        "2021-03-23": 1,
        "2021-03-24": 2,
    }
    assert events_by_hour(evening, time_zone=TOKYO).tolist() == [1, 2]


def test_rare_types_are_counted_together():
    """However many types there are, the table has eight columns, and no event is lost."""
    many = events(*[("2021-03-23 22:28", f"type {n:02}") for n in range(20) for _ in range(20 - n)])
    table = events_by_type(many, time_zone=TOKYO)
    assert list(table.columns) == [*(f"type {n:02}" for n in range(7)), "(other)"]
    assert table.to_numpy().sum() == len(many)


def test_half_hour_zones_have_hours_of_their_own():
    """An hour of Kolkata begins at half past an hour of UTC."""
    times = [at(f"2021-03-23 {time}", "Asia/Kolkata") for time in ("10:59", "11:00")]
    assert events_by_hour(pd.DataFrame({"timestamp": times}), time_zone="Asia/Kolkata").index.hour.tolist() == [10, 11]


def test_the_usual_is_the_median_of_the_same_hour_on_earlier_days():
    """At least three earlier days with events are needed, and the first and the last hour are left out."""
    n_events = hours("2021-03-01", [1] * 24 + [3] * 24 + [0] * 24 + [8] * 24 + [5] * 24)
    compared = compare_with_usual(n_events, time_zone=TOKYO)
    assert compared.index[0] == pd.Timestamp("2021-03-01 01:00")
    assert compared.index[-1] == pd.Timestamp("2021-03-05 22:00")
    assert compared["usual_events"].notna().sum() == 23
    assert compared.loc["2021-03-05", "usual_events"].unique().tolist() == [3]
    assert (compared.loc["2021-03-03", "n_events"] == 0).all()


def test_published_days_count_as_earlier_days():
    """The largest count of an hour of several histories is taken; hours before the first are not compared."""
    earlier = [hours(f"2021-03-0{day}", [4] * 24) for day in (1, 2, 3)] + [hours("2021-03-03", [1] * 24)]
    n_events = hours("2021-03-03 20:00", [2] * 4 + [4] * 10 + [0] * 4 + [4] * 6)
    compared = compare_with_usual(n_events, earlier, first=pd.Timestamp("2021-03-04 00:00"), time_zone=TOKYO)
    assert compared.index[0] == pd.Timestamp("2021-03-04 01:00")
    assert compared["usual_events"].unique().tolist() == [4]
    table = gaps(compared, min_missing_events=16)
    assert table.to_numpy().tolist() == [[pd.Timestamp("2021-03-04 10:00"), pd.Timestamp("2021-03-04 13:00"), 4, 16]]
    assert gaps(compared, min_missing_events=17).empty


def test_a_gap_begins_and_ends_where_events_usually_come():
    """Quiet nights before and after a gap do not make it longer."""
    day = [0] * 9 + [5] * 8 + [0] * 7
    n_events = hours("2021-03-01", day * 3 + [0] * 24 + day)
    table = gaps(compare_with_usual(n_events, time_zone=TOKYO), min_missing_events=40)
    assert table.to_numpy().tolist() == [[pd.Timestamp("2021-03-04 09:00"), pd.Timestamp("2021-03-04 16:00"), 8, 40]]


def test_an_hour_that_the_clock_skips_is_no_gap():
    """Berlin has no hour from two to three on 28 March 2021."""
    n_events = hours("2021-03-22", [9] * 24 * 7)
    n_events = n_events.drop(pd.Timestamp("2021-03-28 02:00"))
    compared = compare_with_usual(n_events, time_zone="Europe/Berlin")
    assert pd.Timestamp("2021-03-28 02:00") not in compared.index
    assert gaps(compared, min_missing_events=1).empty
    assert len(gaps(compare_with_usual(n_events, time_zone=TOKYO), min_missing_events=1)) == 1


def test_chance_is_not_unusual():
    """An unusual hour is far from its usual number, and by more than Poisson noise explains."""
    compared = pd.DataFrame({"n_events": [7, 21, 401, 10, 1, 0], "usual_events": [2, 2, 200, 100, np.nan, 100]})
    assert unusual_hours(compared, max_volume_ratio=2).index.tolist() == [1, 2, 3]
    assert unusual_hours(compared, max_volume_ratio=5).index.tolist() == [1, 3]


def test_late_events_do_not_make_the_file_begin_early():
    """One event of two hundred is of last week, and does not count as the beginning."""
    n_events = pd.concat([hours("2021-03-01", [1]), hours("2021-03-08", [100, 99])])
    assert first_hour(n_events) == pd.Timestamp("2021-03-08")


@pytest.mark.parametrize("n", [0, 1])
def test_a_single_hour_is_not_compared(n):
    """A file with events of one hour, or of none, has no hour to compare."""
    n_events = hours("2021-03-23 22:00", [4])[:n]
    compared = compare_with_usual(n_events, first=first_hour(n_events), time_zone=TOKYO)
    assert compared.empty
    assert gaps(compared, min_missing_events=1).empty
    assert unusual_hours(compared, max_volume_ratio=2).empty
