"""The table of docs/fidelity.md is complete: every row has its test, and the counts are those of its rows."""

from __future__ import annotations

import re

import pytest
from test_documents import ROOT, rows_below

TEXT = (ROOT / "docs" / "fidelity.md").read_text(encoding="utf-8")
ROWS = rows_below(TEXT, "# How")
ANSWERS = ("right", "refused", "not shown")


def answer_of(row: list[str]) -> str:
    """Return the kind of a row's answer, without its reason."""
    return row[4].partition(":")[0]


def test_the_counts_are_those_of_the_table() -> None:
    """Counts the rows, and those of each answer, as the first lines do."""
    counts = {answer: sum(answer_of(row) == answer for row in ROWS) for answer in ANSWERS}
    assert sum(counts.values()) == len(ROWS)
    figures = ", ".join(f"{count} {answer}" for answer, count in counts.items())
    assert f"{len(ROWS)} rows: {figures}." in TEXT.splitlines()[:5]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: " ".join(row[:3]))
def test_a_row_has_its_source_and_its_test_or_its_reason(row: list[str]) -> None:
    """Names AWS's answer with an address, and a test that exists, or why there is none."""
    assert re.search(r"\]\(https://\S+\)$", row[3].strip()), row[3]
    if answer_of(row) == "not shown":
        assert row[4].partition(":")[2].strip()
        return
    path, _, name = row[5].strip(" `|").partition("::")
    source = (ROOT / path).read_text(encoding="utf-8")
    assert re.search(rf"^def {re.escape(name)}\(", source, re.MULTILINE), row[5]
