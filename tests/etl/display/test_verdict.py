"""The verdict: one sentence of figures, and what did not pass."""

from dataclasses import asdict

from etl.checks.history_checks import Check
from etl.display.verdict import Verdict, finding_lines

GOOD = Check("power", "fail", passed=True, finding="0 rows.")
NOTE = Check("duplicates", "info", passed=False, finding="1 event.", threshold=0.0)
WARNING = Check("unmatched", "warn", passed=False, finding="1 event: '<b>x</b>'.")
FAILURE = Check("content", "fail", passed=False, finding="Another file.")


def test_the_sentence_says_whether_it_may_be_published():
    """Warnings and notes do not stop it, a failure does."""
    assert Verdict([GOOD]).sentence == "May be published: 1 of 1 checks passed."
    assert Verdict([GOOD, NOTE, WARNING]).sentence == "May be published: 1 of 3 checks passed, 1 warning, 1 note."
    assert Verdict([WARNING, FAILURE]).sentence == "Must not be published: 0 of 2 checks passed, 1 failure, 1 warning."


def test_what_did_not_pass_is_shown_the_gravest_first_and_escaped():
    """In HTML and as text; without any there is the sentence alone."""
    html, text = Verdict([NOTE, WARNING, GOOD, FAILURE])._repr_html_(), repr(Verdict([NOTE, WARNING, GOOD, FAILURE]))
    for shown in (html, text):
        assert shown.index("content") < shown.index("unmatched") < shown.index("duplicates")
        assert "power" not in shown
    assert "<b>" not in html
    assert Verdict([GOOD])._repr_html_() == "<p><strong>May be published: 1 of 1 checks passed.</strong></p>"


def test_the_command_line_gets_a_line_each():
    """From the manifest's checks."""
    assert finding_lines([asdict(check) for check in (GOOD, NOTE, WARNING)]) == [
        "1 of 3 checks passed.",
        "  warn  unmatched        1 event: '<b>x</b>'.",
        "  info  duplicates       1 event.",
    ]
