"""The audit fails on what must not be published, and warns of what is worth a look."""

import hashlib

import pandas as pd
import pytest

from etl.checks import (
    check_history,
    checks_table,
    events_by_type_and_hour,
    one_row_per_event,
    reconciliation_table,
    require_passed,
)
from etl.contract import HISTORY_COLUMNS
from etl.errors import ChecksFailedError
from etl.history_csv import from_csv, to_csv

HISTORY = pd.DataFrame(
    [
        ("a", "1616506124", "on", "u1", "TV"),
        ("a", "1616506124", "on", "u2", "Lamp"),
        ("b", "1616511600", "off", "u1", "エアコン"),
        ("x", "1616511601", "off", None, None),
    ],
    columns=HISTORY_COLUMNS,
    dtype="str",
)
CONTENT = to_csv(HISTORY)
ROWS = {"read": 3, "valid": 3, "quarantined": 0, "matched": 2, "unmatched": 1, "fanned_out_extra": 1, "written": 4}
REPORT = {
    "rows": ROWS | {"duplicates": 0},
    "devices": {"n_types_not_text": 0},
    "extra_fields": [],
    "output": {"sha256": hashlib.sha256(CONTENT).hexdigest()},
}


def failed(content=CONTENT, report=REPORT):
    """Return severity and name of the checks that did not pass."""
    return [(c.severity, c.name) for c in check_history(content, from_csv(content), report) if not c.passed]


def test_a_sound_history_only_warns_of_what_it_holds():
    """Unmatched and fanned-out rows are worth a look, and stop nothing."""
    assert failed() == [("warn", "unmatched"), ("warn", "several_owners")]
    require_passed(check_history(CONTENT, HISTORY, REPORT))


@pytest.mark.parametrize(
    ("broken", "name"),
    [
        (CONTENT.replace(b"TV", b"Tv"), "content"),
        (to_csv(HISTORY.iloc[1:]), "reconciliation"),
        (CONTENT.replace(b"user_id", b"owner"), "columns"),
        (CONTENT.replace(b",on,", b",ON,"), "power"),
    ],
)
def test_a_broken_history_fails_by_name(broken, name):
    """A changed byte, a lost row, another column, another power value."""
    assert ("fail", name) in failed(broken)
    with pytest.raises(ChecksFailedError, match=name):
        require_passed(check_history(broken, from_csv(broken), REPORT))


@pytest.mark.parametrize("count", ["read", "matched", "written", "fanned_out_extra"])
def test_counts_that_do_not_add_up_fail(count):
    """A report that contradicts itself is not believed."""
    assert ("fail", "reconciliation") in failed(report=REPORT | {"rows": REPORT["rows"] | {count: 9}})


def test_the_table_has_a_row_for_each_check():
    """Name, severity, verdict and a sentence."""
    table = checks_table(check_history(CONTENT, HISTORY, REPORT))
    assert list(table.columns) == ["name", "severity", "passed", "finding"]
    assert table["finding"].str.endswith(".").all()


def test_an_event_counts_once_however_many_owners_it_has():
    """Rows of further owners are left out, those without owner stay."""
    assert one_row_per_event(HISTORY).index.tolist() == [0, 2, 3]


def test_counts_events_in_the_hours_of_the_zone():
    """22:28 and midnight in Tokyo are 13:28 and 15:00 in UTC."""
    expected = pd.DataFrame(
        [[0, 1, 0], [1, 0, 1]],
        index=pd.Index(["2021-03-23 22:00", "2021-03-24 00:00"], name="hour", dtype="str"),
        columns=pd.Index(["(unknown)", "TV", "エアコン"], name="type", dtype="str"),
    )
    pd.testing.assert_frame_equal(events_by_type_and_hour(HISTORY, time_zone="Asia/Tokyo"), expected)


def test_an_empty_history_has_no_hours():
    """A day without events is drawn as such."""
    assert events_by_type_and_hour(HISTORY.iloc[:0], time_zone="Asia/Tokyo").empty


def test_shares_are_of_the_records_read():
    """Three records read, one unmatched: a third."""
    table = reconciliation_table(REPORT)
    assert table.loc["unmatched"].tolist() == [1, 33.3]
