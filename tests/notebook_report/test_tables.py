"""Tables of data frames are readable for screen readers, on phones and without Python."""

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from notebook_report.sanitizer import sanitize_html


def tidied(frame):
    """Return the rows of a frame's table as lists of (element, scope or class, text)."""
    soup = sanitize_html(frame.to_html(notebook=True))
    return [
        [
            (cell.name, cell.get("scope") or cell.get("class") or "", cell.get_text())
            for cell in row.find_all(["th", "td"])
        ]
        for row in soup.find_all("tr")
    ]


def test_heads_say_what_they_are_the_head_of():
    """Header cells have the scope of their column or row, and the named index shares the header row."""
    frame = pd.DataFrame({"n_events": [3], "power": ["on"]}, index=pd.Index(["TV"], name="type"))
    assert tidied(frame) == [
        [("th", "col", "type"), ("th", "col", "n_events"), ("th", "col", "power")],
        [("th", "row", "TV"), ("td", "number", "3"), ("td", "", "on")],
    ]


def test_the_columns_own_name_is_kept():
    """A table whose index and columns have names has both in its corner."""
    frame = pd.crosstab(pd.Series(["22:00"], name="hour"), pd.Series(["TV"], name="type"))
    assert tidied(frame)[0] == [("th", "col", "hour / type"), ("th", "col", "TV")]


def test_an_index_that_only_counts_is_dropped():
    """An unnamed index 0, 1, 2 is removed, and any other index stays."""
    frame = pd.DataFrame({"device_id": ["a", "b", "c"]})
    assert tidied(frame)[1:] == [[("td", "", text)] for text in "abc"]
    assert tidied(frame[1:])[1] == [("th", "row", "1"), ("td", "", "b")]
    assert tidied(frame.rename_axis("rank"))[1] == [("th", "row", "0"), ("td", "", "a")]
    assert tidied(frame[:0]) == [[("th", "col", "device_id")]]


def test_numbers_are_set_under_each_other():
    """A column with nothing but numbers and gaps is aligned as numbers."""
    frame = pd.DataFrame({"seconds": ["1,234.5", "NaN"], "share": ["5 %", "7.5%"], "device_id": ["17", "d1"]})
    assert [cell[1] for cell in tidied(frame)[1]] == ["number", "number", ""]


def test_sentences_get_room():
    """A column with sentences has the class that gives it more room."""
    frame = pd.DataFrame({"name": ["quarantine"], "finding": ["5 of 100 records broke the contract on this day."]})
    with pd.option_context("display.max_colwidth", None):
        assert [cell[1] for cell in tidied(frame)[1]] == ["", ["long"]] or [cell[1] for cell in tidied(frame)[1]] == [
            "",
            "long",
        ]


def test_spanning_heads_stay_as_they_are():
    """A table with groups of rows and columns keeps its shape, and its headers get the scope of a group."""
    index = pd.MultiIndex.from_tuples([("u1", "d1"), ("u1", "d2")], names=["user_id", "device_id"])
    columns = pd.MultiIndex.from_tuples([("n", "on"), ("n", "off")])
    rows = tidied(pd.DataFrame([[1, 2], [3, 4]], index=index, columns=columns))
    assert ("th", "rowgroup", "u1") in rows[3]
    assert ("th", "colgroup", "n") in rows[0]
    assert [cell[2] for cell in rows[4]] == ["d2", "3", "4"]


def test_more_rows_than_anybody_reads_become_a_line():
    """Rows beyond the limit become one line with their number."""
    with pd.option_context("display.max_rows", None):
        rows = tidied(pd.DataFrame({"a": range(1234), "b": "x"}))
    assert len(rows) == 1 + 100 + 1
    assert rows[-1] == [("td", "", "… and 1,134 more rows")]


def test_right_to_left_text_is_isolated_in_its_cell():
    """Right-to-left text is isolated in its cell, so that it does not reorder its neighbours."""
    soup = sanitize_html(pd.DataFrame({"مستخدم": ["מכשיר 5"]}).to_html())
    assert [cell.find("bdi").get_text() for cell in soup.find_all(["th", "td"]) if cell.get_text()] == [
        "مستخدم",
        "מכשיר 5",
    ]


@pytest.mark.parametrize(
    "html",
    [
        "<table></table>",
        "<table><thead></thead><tbody></tbody></table>",
        "<table><thead><tr></tr><tr></tr></thead><tbody><tr></tr></tbody></table>",
        "<table><tr><td>a<table><tr><td>b</td></tr></table></td></tr></table>",
        "<table><thead><tr><th colspan='x'>a</th></tr></thead><tr><td>1</td><td>2</td></tr><tr></tr></table>",
        "<td>a</td></tr></table><table><table><tr>",
    ],
)
def test_crooked_tables_break_nothing(html):
    """A malformed table of hand-written HTML raises no error."""
    assert isinstance(sanitize_html(html), BeautifulSoup)
