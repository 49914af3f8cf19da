"""The quarantine is written as JSON Lines, and too large a share of it fails the run."""

import json

import pytest

from etl.contract.quarantine import Quarantined, quarantine_lines, require_few_quarantined
from etl.errors import TooManyQuarantinedError


def test_the_quarantine_is_json_lines():
    """The quarantine has one line for each record, whatever characters its text has."""
    record = Quarantined(7, "power", "expected", '"\u2028\n\x00')
    (line,) = quarantine_lines([record]).decode().removesuffix("\n").split("\n")
    assert json.loads(line) == {"index": 7, "field": "power", "reason": "expected", "text": '"\u2028\n\x00'}


@pytest.mark.parametrize(("n_bad", "fails"), [(0, False), (1, False), (2, True)])
def test_the_threshold_is_the_largest_allowed_share(n_bad, fails):
    """One bad record in twenty passes at 5 %, two fail and the message names them."""
    counts = {"n_read": 20, "n_quarantined": n_bad, "examples": [Quarantined(18, "power", "missing", "{}")] * n_bad}
    if not fails:
        require_few_quarantined(**counts, max_quarantine=0.05, source="f")
        return
    with pytest.raises(TooManyQuarantinedError, match=r"f: 2 of 20 records break the contract \(10.0%\).*record 18"):
        require_few_quarantined(**counts, max_quarantine=0.05, source="f")


def test_no_records_are_not_too_many_bad_ones():
    """An empty file passes, without a division by zero."""
    require_few_quarantined(n_read=0, n_quarantined=0, examples=[], max_quarantine=0, source="f")
