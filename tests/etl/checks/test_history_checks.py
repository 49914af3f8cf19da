"""The checks of the history fail on what must not be published, and warn of what is worth a look."""

import pytest
from run_data import CONTENT, REPORT, run_data

from etl.checks.all_checks import HISTORY_CHECKS, run_checks
from etl.checks.check import not_passed, require_passed
from etl.errors import ChecksFailedError


def failed(**data):
    """Return severity and name of the checks that did not pass."""
    return [(check.severity, check.name) for check in not_passed(run_checks(HISTORY_CHECKS, run_data(**data), {}))]


def test_a_sound_history_passes():
    """Nothing stops a history that is the one that DataJoin wrote."""
    assert failed() == []
    require_passed(run_checks(HISTORY_CHECKS, run_data(), {}))


@pytest.mark.parametrize(
    ("broken", "name"),
    [
        (CONTENT.replace(b"TV", b"Tv"), "content"),
        (CONTENT.replace(b"a,1616506124,on,u1,TV\n", b""), "reconciliation"),
        (CONTENT.replace(b"user_id", b"owner"), "columns"),
        (CONTENT.replace(b",on,", b",ON,"), "power"),
        (CONTENT.replace(b"1616511600", b"soon"), "timestamps"),
        (CONTENT.replace(b"timestamp", b"at"), "timestamps"),
    ],
)
def test_a_broken_history_fails_by_name(broken, name):
    """A changed byte, a lost row, another column, another power or a missing time stops the publication."""
    assert broken != CONTENT
    assert ("fail", name) in failed(content=broken)
    with pytest.raises(ChecksFailedError, match=name):
        require_passed(run_checks(HISTORY_CHECKS, run_data(content=broken), {}))


@pytest.mark.parametrize("count", ["read", "matched", "written", "fanned_out_extra"])
def test_counts_that_do_not_add_up_fail(count):
    """A report that contradicts itself stops the publication."""
    assert ("fail", "reconciliation") in failed(report={"rows": REPORT["rows"] | {count: 9}})


def test_oddities_of_the_inputs_stop_nothing():
    """A type that is not text is a warning, an unknown field a note."""
    report = {"devices": {"n_types_not_text": 1}, "extra_fields": ["room"]}
    assert failed(report=report) == [("warn", "types_not_text"), ("info", "extra_fields")]
