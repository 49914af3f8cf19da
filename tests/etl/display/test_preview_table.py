"""Tables are short, and text from outside stays text."""

import pandas as pd

from etl.display.preview_table import PreviewTable

HOSTILE = ["<script>alert(1)</script>", "x" * 5_000_000, "$a$", "line\nend", "\u202eright to left", '=HYPERLINK("a")']


def test_hostile_text_stays_text():
    """Cells, index and column names are escaped, cut at 80 characters, on one line and without direction marks."""
    frame = pd.DataFrame({text: [text] for text in HOSTILE}, index=[HOSTILE[0]])
    html, text = PreviewTable(frame).to_html(), repr(PreviewTable(frame))
    assert len(html) < 4_000
    assert "<script>alert" not in html
    assert "&lt;script&gt;" in html
    assert "…" in text
    assert "\u202e" not in html + text
    assert "line\\nend" in text
    # MathJax ignores a table of this class
    assert "tex2jax_ignore" in html


def test_a_note_counts_the_rows_that_are_not_shown():
    """A table without rows has a note, too, and the frame is unchanged."""
    frame = pd.DataFrame({"n": range(30)})
    assert PreviewTable(frame).to_html().endswith("<p>10 more rows are not shown.</p>")
    assert PreviewTable(frame.iloc[:20]).to_html().endswith("</div>")
    assert repr(PreviewTable(frame.iloc[:0])) == "Columns n\nNo rows."
    assert len(frame) == 30
