"""Did everything arrive: each check is broken once, and its threshold lets it pass."""

import pandas as pd
import pytest

from etl.analysis.local_hours import end_of_day
from etl.checks.arrival_checks import check_arrival, newest_event

RUN = {"run_date": "2021-03-23", "time_zone": "Asia/Tokyo"}
END = end_of_day("2021-03-23", time_zone="Asia/Tokyo")
ROWS = {"read": 100, "valid": 99, "quarantined": 1}
LENIENT = {
    "max_quarantined": 0.01,
    "max_hours_behind": 2.0,
    "max_future_events": 1,
    "max_volume_ratio": 1000.0,
    "min_missing_events": 1000.0,
}
COMPARED = pd.DataFrame(
    {"n_events": [50, 0, 0, 50, 900], "usual_events": [50.0] * 5},
    index=pd.date_range("2021-03-23 10:00", periods=5, freq="h", name="hour"),
)


def events(*seconds):
    """Return events, so many seconds after the end of the run's day."""
    return pd.DataFrame({"timestamp": [END + second for second in seconds]}, dtype="int64")


def checked(made=None, compared=COMPARED, rows=ROWS, **thresholds):
    """Return the checks by name."""
    made = events(-7200, 0) if made is None else made
    found = check_arrival({"rows": rows}, made, compared, **RUN, **(LENIENT | thresholds))
    assert [check.severity for check in found] == ["warn"] * 6
    return {check.name: check for check in found}


def test_the_thresholds_are_the_largest_that_pass():
    """One record of a hundred in quarantine, two hours old, one event of the day after."""
    assert all(check.passed for check in checked().values())


@pytest.mark.parametrize(
    ("name", "finding", "thresholds"),
    [
        ("quarantine", "1 of 100 (1.0 %) records broke", {"max_quarantined": 0.0}),
        ("freshness", "The newest event is 2.0 hours older than the end of 2021-03-23 in", {"max_hours_behind": 1.9}),
        ("future_events", "1 event lies after the end of 2021-03-23 in Asia/Tokyo.", {"max_future_events": 0}),
        (
            "volume",
            "1 of 5 (20.0 %) hours had far more or fewer events than usual, such as 2021-03-23 14:00: 900, usually 50.",
            {"max_volume_ratio": 5.0},
        ),
        (
            "gaps",
            "1 gap, the longest of 2 hours from 2021-03-23 11:00, in which 100 events usually come.",
            {"min_missing_events": 100.0},
        ),
    ],
)
def test_what_is_beyond_its_threshold_is_found(name, finding, thresholds):
    """By name, with the figures and the threshold."""
    compared = COMPARED if name == "gaps" else COMPARED.assign(n_events=[50, 50, 50, 50, 900])
    found = checked(compared=compared, **thresholds)
    assert [check.name for check in found.values() if not check.passed] == [name]
    assert found[name].finding.startswith(finding)
    assert found[name].threshold == next(iter(thresholds.values()))


def test_no_events_are_a_warning():
    """An empty day is published, and worth a look."""
    found = checked(events(), COMPARED.iloc[:0], ROWS | {"read": 0, "valid": 0, "quarantined": 0})
    assert [check.name for check in found.values() if not check.passed] == ["events"]
    assert found["freshness"].finding == "There is no event."


def test_without_earlier_days_nothing_is_compared():
    """It is said, and is no fault."""
    found = checked(compared=COMPARED.assign(usual_events=float("nan")), min_missing_events=1.0, max_volume_ratio=1.0)
    for name in ("volume", "gaps"):
        assert found[name].passed
        assert "three earlier days" in found[name].finding


def test_the_newest_event_is_not_in_the_future():
    """A device whose clock is wrong does not make an old file new."""
    assert newest_event(events(-5, 3), **RUN) == END - 5
    assert newest_event(events(3), **RUN) == END
    assert newest_event(events(), **RUN) == END
