"""Is it sane: each check is broken once, and its threshold lets it pass."""

import pytest
from run_data import HEALTH, OWNERS, run_data

from etl.checks.all_checks import DEVICE_CHECKS, OWNER_CHECKS, run_checks

ROWS = {"read": 100, "valid": 100, "matched": 99, "unmatched": 1, "fanned_out_extra": 2, "duplicates": 1}
LENIENT = {
    "max_unmatched": 0.01,
    "max_shared_devices": 1,
    "max_silent_hours": 9.0,
    "max_hours_on": 5.0,
    "max_in_a_row": 3,
    "max_duplicates": 0.01,
    "max_out_of_order": 0.01,
    "max_repeated_on": 0.01,
    "max_orphaned_off": 0.01,
}


def failed(thresholds=LENIENT, rows=ROWS, **data):
    """Return the checks that did not pass."""
    checks = run_checks(OWNER_CHECKS + DEVICE_CHECKS, run_data(rows=rows, **data), LENIENT | thresholds)
    return [check for check in checks if not check.passed]


def test_the_thresholds_are_the_largest_that_pass():
    """A share of one in a hundred passes, and so does a duration or a number that equals its limit."""
    assert failed() == []


@pytest.mark.parametrize(
    ("thresholds", "severity", "name", "finding"),
    [
        ({"max_silent_hours": 8}, "warn", "silent_devices", "1 device has gone silent, for up to 9 hours: 'b'."),
        (
            {"max_hours_on": 4},
            "warn",
            "stuck_devices",
            "1 device is stuck: 'b'; the same came at most 3 times in a row",
        ),
        ({"max_in_a_row": 2}, "warn", "stuck_devices", "1 device is stuck: 'a'"),
        ({"max_duplicates": 0}, "info", "duplicates", "1 of 100 (1.0 %) events repeat an earlier one exactly."),
        ({"max_out_of_order": 0}, "info", "out_of_order", "1 of 100 (1.0 %) events arrived after a later one"),
        ({"max_repeated_on": 0}, "info", "repeated_on", "1 of 100 (1.0 %) events switch on what is on already."),
        (
            {"max_orphaned_off": 0},
            "info",
            "orphaned_off",
            "1 of 100 (1.0 %) events switch off what is off already, besides",
        ),
    ],
)
def test_a_figure_beyond_its_threshold_is_found(thresholds, severity, name, finding):
    """The check has its name, severity and figures; a device's first event off is no orphan."""
    (check,) = failed(thresholds)
    assert (check.severity, check.name) == (severity, name)
    assert check.finding.startswith(finding)


def test_devices_without_and_with_several_owners_are_named_shortly():
    """An id from outside is cut, and stays on its line."""
    names = {"unmatched_devices": ["<script>\n" + "x" * 300]}
    unmatched, shared = failed({"max_unmatched": 0.0, "max_shared_devices": 0}, report=names)
    assert shared.finding == "1 device has several owners, which added 2 rows: 'b'."
    assert "'<script>\\nxxx" in unmatched.finding
    assert unmatched.finding.endswith("x…'.")
    assert len(unmatched.finding) < 200


def test_a_day_without_events_passes():
    """A day without events has no device at fault."""
    strict = {"max_unmatched": 0.0, "max_shared_devices": 0}
    nothing = {"health": HEALTH.iloc[:0], "owners": OWNERS.iloc[:0], "report": {"unmatched_devices": []}}
    assert failed(strict, dict.fromkeys(ROWS, 0), **nothing) == []
