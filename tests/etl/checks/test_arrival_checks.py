"""Did everything arrive: each check is broken once, and its threshold lets it pass."""

import pytest
from run_data import COMPARED_HOURS, run_data

from etl.checks.all_checks import ARRIVAL_CHECKS, run_checks

ROWS = {"read": 100, "valid": 99, "quarantined": 1}
LENIENT = {
    "max_quarantined": 0.01,
    "max_hours_behind": 2.0,
    "max_future_events": 1,
    "max_volume_ratio": 1000.0,
    "min_missing_events": 1000.0,
}


def run(*, rows=ROWS, thresholds=None, **data):
    """Return the checks by name."""
    checks = run_checks(ARRIVAL_CHECKS, run_data(rows=rows, **data), LENIENT | (thresholds or {}))
    assert [check.severity for check in checks] == ["warn"] * 6
    return {check.name: check for check in checks}


def test_the_thresholds_are_the_largest_that_pass():
    """One record of a hundred in quarantine, two hours without an event and one event of the next day may pass."""
    assert all(check.passed for check in run().values())


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
def test_a_figure_beyond_its_threshold_is_found(name, finding, thresholds):
    """The check that did not pass has its name, the figures and the threshold."""
    compared_hours = COMPARED_HOURS if name == "gaps" else COMPARED_HOURS.assign(n_events=[50, 50, 50, 50, 900])
    checks = run(compared_hours=compared_hours, thresholds=thresholds)
    assert [check.name for check in checks.values() if not check.passed] == [name]
    assert checks[name].finding.startswith(finding)
    assert checks[name].threshold == next(iter(thresholds.values()))


def test_no_events_are_a_warning():
    """An empty day may be published, and is worth a look."""
    nothing = {"read": 0, "valid": 0, "quarantined": 0}
    checks = run(seconds_after_end=(), compared_hours=COMPARED_HOURS.iloc[:0], rows=nothing)
    assert [check.name for check in checks.values() if not check.passed] == ["events"]
    assert checks["freshness"].finding == "There is no event."


def test_without_earlier_days_nothing_is_compared():
    """The checks that compare pass, and their findings name the reason."""
    unknown = COMPARED_HOURS.assign(usual_events=float("nan"))
    checks = run(compared_hours=unknown, thresholds={"min_missing_events": 1.0, "max_volume_ratio": 1.0})
    for name in ("volume", "gaps"):
        assert checks[name].passed
        assert "three earlier days" in checks[name].finding
