"""The audit fails on what must not be published, and warns of what is worth a look."""

import hashlib

import pandas as pd
import pytest

from etl.checks.history_checks import check_history, checks_table, reconciliation_table, require_passed
from etl.contract.columns import HISTORY_COLUMNS
from etl.contract.history_csv import from_csv, to_csv
from etl.errors import ChecksFailedError

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
    """Nothing here stops it, and what devices do is for other checks to say."""
    assert failed() == []
    require_passed(check_history(CONTENT, HISTORY, REPORT))


@pytest.mark.parametrize(
    ("broken", "name"),
    [
        (CONTENT.replace(b"TV", b"Tv"), "content"),
        (to_csv(HISTORY.iloc[1:]), "reconciliation"),
        (CONTENT.replace(b"user_id", b"owner"), "columns"),
        (CONTENT.replace(b",on,", b",ON,"), "power"),
        (CONTENT.replace(b"1616511600", b"soon"), "timestamps"),
        (CONTENT.replace(b"timestamp", b"at"), "timestamps"),
    ],
)
def test_a_broken_history_fails_by_name(broken, name):
    """A changed byte, a lost row, another column, another power value, no time."""
    assert ("fail", name) in failed(broken)
    with pytest.raises(ChecksFailedError, match=name):
        require_passed(check_history(broken, from_csv(broken), REPORT))


@pytest.mark.parametrize("count", ["read", "matched", "written", "fanned_out_extra"])
def test_counts_that_do_not_add_up_fail(count):
    """A report that contradicts itself is not believed."""
    assert ("fail", "reconciliation") in failed(report=REPORT | {"rows": REPORT["rows"] | {count: 9}})


def test_the_table_has_a_row_for_each_check():
    """Name, severity, verdict, threshold and a sentence."""
    table = checks_table(check_history(CONTENT, HISTORY, REPORT))
    assert list(table.columns) == ["name", "severity", "passed", "threshold", "finding"]
    assert table["finding"].str.endswith(".").all()


def test_shares_are_of_the_records_read():
    """Three records read, one unmatched: a third."""
    table = reconciliation_table(REPORT)
    assert table.loc["unmatched"].tolist() == [1, 33.3]
