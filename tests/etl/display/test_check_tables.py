"""The checks as tables, as a summary of one sentence, and as lines of the command line."""

from etl.checks.check import Check
from etl.display.check_tables import ChecksSummary, checks_table, finding_lines, reconciliation_table

GOOD = Check("power", "fail", passed=True, finding="0 rows.")
NOTE = Check("duplicates", "info", passed=False, finding="1 event.", threshold=0.0)
WARNING = Check("unmatched", "warn", passed=False, finding="1 event: '<b>x</b>'.")
FAILURE = Check("content", "fail", passed=False, finding="Another file.")


def test_the_sentence_says_whether_the_day_may_be_published():
    """Warnings and notes do not stop the publication, a failure does."""
    assert ChecksSummary([GOOD]).sentence == "May be published: 1 of 1 checks passed."
    with_warning = ChecksSummary([GOOD, NOTE, WARNING])
    assert with_warning.sentence == "May be published: 1 of 3 checks passed, 1 warning, 1 note."
    with_failure = ChecksSummary([WARNING, FAILURE])
    assert with_failure.sentence == "Must not be published: 0 of 2 checks passed, 1 failure, 1 warning."


def test_checks_that_did_not_pass_are_shown_the_gravest_first_and_escaped():
    """HTML and text show the same checks; without any there is the sentence alone."""
    summary = ChecksSummary([NOTE, WARNING, GOOD, FAILURE])
    html, text = summary._repr_html_(), repr(summary)
    for shown in (html, text):
        assert shown.index("content") < shown.index("unmatched") < shown.index("duplicates")
        assert "power" not in shown
    assert "<b>" not in html
    assert ChecksSummary([GOOD])._repr_html_() == "<p><strong>May be published: 1 of 1 checks passed.</strong></p>"


def test_the_command_line_gets_a_line_for_each_check_that_did_not_pass():
    """The first line counts all checks."""
    assert finding_lines([GOOD, NOTE, WARNING]) == [
        "1 of 3 checks passed.",
        "  warn  unmatched        1 event: '<b>x</b>'.",
        "  info  duplicates       1 event.",
    ]


def test_the_table_has_a_row_for_each_check_however_many_there_are():
    """Each row has name, severity, answer, threshold and finding; a check without a threshold shows none."""
    header, *rows = repr(checks_table([GOOD, NOTE] * 15)).splitlines()
    assert header.split() == ["name", "severity", "passed", "threshold", "finding"]
    assert [row.split() for row in rows[:2]] == [
        ["0", "power", "fail", "True", "0", "rows."],
        ["1", "duplicates", "info", "False", "0", "1", "event."],
    ]
    assert len(rows) == 30


def test_shares_are_of_the_records_read():
    """One unmatched of three records read is a third."""
    table = repr(reconciliation_table({"rows": {"read": 3, "unmatched": 1}})).splitlines()
    assert [row.split() for row in table] == [
        ["n_rows", "percent_of_read"],
        ["count"],
        ["read", "3", "100.00"],
        ["unmatched", "1", "33.30"],
    ]
