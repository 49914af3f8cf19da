"""Tables are short, and what comes from outside is text."""

import pandas as pd

from etl.display.preview_table import Table

HOSTILE = ["<script>alert(1)</script>", "x" * 5_000_000, "$a$", "line\nend", "\u202eright to left", '=HYPERLINK("a")']


def test_hostile_text_is_text():
    """Escaped, cut at 80 characters, on one line, without direction marks; in cells, index and column names."""
    frame = pd.DataFrame({text: [text] for text in HOSTILE}, index=[HOSTILE[0]])
    html, text = Table(frame).to_html(), repr(Table(frame))
    assert len(html) < 4_000
    assert "<script>alert" not in html
    assert "&lt;script&gt;" in html
    assert "…" in text
    assert "\u202e" not in html + text
    assert "line\\nend" in text
    # MathJax leaves a table of this class alone
    assert "tex2jax_ignore" in html


def test_says_how_much_is_not_shown():
    """And that there is nothing."""
    frame = pd.DataFrame({"n": range(30)})
    assert Table(frame).to_html().endswith("<p>10 more rows are not shown.</p>")
    assert Table(frame.iloc[:20]).to_html().endswith("</div>")
    assert repr(Table(frame.iloc[:0])) == "Columns n\nNo rows."
    assert len(frame) == 30
