"""Is it sane: each check is broken once, and its threshold lets it pass."""

import pandas as pd
import pytest

from etl.checks.device_checks import check_devices, check_owners

ROWS = {"read": 100, "valid": 100, "matched": 99, "unmatched": 1, "fanned_out_extra": 2, "duplicates": 1}
REPORT = {"rows": ROWS, "unmatched_devices": ["<script>\n" + "x" * 300]}
OWNERS = pd.DataFrame(
    [("a", "u1", "TV"), ("b", "u1", "TV"), ("b", "u2", "TV")], columns=["device_id", "user_id", "type"]
)
HEALTH = pd.DataFrame(
    {
        "n_events": [60, 40],
        "n_repeated_on": [1, 0],
        "n_orphaned_off": [2, 0],
        "starts_off": [True, False],
        "n_in_a_row": [3, 1],
        "longest_on_hours": [1.0, 5.0],
        "longest_pause_hours": [1.0, 1.0],
        "silent_hours": [0.0, 9.0],
        "n_out_of_order": [0, 1],
    },
    index=pd.Index(["a", "b"], name="device_id"),
)
LENIENT = {
    "max_silent_hours": 9.0,
    "max_hours_on": 5.0,
    "max_in_a_row": 3,
    "max_duplicates": 0.01,
    "max_out_of_order": 0.01,
    "max_repeated_on": 0.01,
    "max_orphaned_off": 0.01,
}


def test_the_thresholds_are_the_largest_that_pass():
    """A share of one in a hundred, and what is just as long as it may be."""
    assert all(check.passed for check in check_devices(REPORT, HEALTH, **LENIENT))
    assert all(check.passed for check in check_owners(REPORT, OWNERS, max_unmatched=0.01, max_shared_devices=1))


@pytest.mark.parametrize(
    ("threshold", "severity", "name", "finding"),
    [
        ("max_silent_hours", "warn", "silent_devices", "1 device has gone silent, for up to 9 hours: 'b'."),
        ("max_hours_on", "warn", "stuck_devices", "1 device is stuck: 'b'; the same came at most 3 times in a row"),
        ("max_in_a_row", "warn", "stuck_devices", "1 device is stuck: 'a'"),
        ("max_duplicates", "info", "duplicates", "1 of 100 (1.0 %) events repeat an earlier one exactly."),
        ("max_out_of_order", "info", "out_of_order", "1 of 100 (1.0 %) events arrived after a later one"),
        ("max_repeated_on", "info", "repeated_on", "1 of 100 (1.0 %) events switch on what is on already."),
        (
            "max_orphaned_off",
            "info",
            "orphaned_off",
            "1 of 100 (1.0 %) events switch off what is off already, besides the",
        ),
    ],
)
def test_what_is_beyond_its_threshold_is_found(threshold, severity, name, finding):
    """By name, with severity and figures; a first event that is off does not count as lost."""
    stricter = LENIENT | {threshold: LENIENT[threshold] * 0.5}
    (found,) = [check for check in check_devices(REPORT, HEALTH, **stricter) if not check.passed]
    assert (found.severity, found.name) == (severity, name)
    assert found.finding.startswith(finding)


def test_owners_are_warned_about_with_short_names():
    """None, and several; an id from outside is cut and stays on its line."""
    unmatched, shared = check_owners(REPORT, OWNERS, max_unmatched=0.0, max_shared_devices=0)
    assert (unmatched.passed, shared.passed) == (False, False)
    assert shared.finding == "1 device has several owners, which added 2 rows: 'b'."
    assert "'<script>\\nxxx" in unmatched.finding
    assert unmatched.finding.endswith("x…'.")
    assert len(unmatched.finding) < 200


def test_a_day_without_events_passes():
    """There is nothing to be wrong."""
    rows = dict.fromkeys(ROWS, 0)
    nothing = {"rows": rows, "unmatched_devices": []}
    assert all(check.passed for check in check_devices(nothing, HEALTH.iloc[:0], **LENIENT))
    assert all(c.passed for c in check_owners(nothing, OWNERS.iloc[:0], max_unmatched=0.0, max_shared_devices=0))
