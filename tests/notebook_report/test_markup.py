"""Markdown and HTML become a few plain elements; links lead nowhere, and all else is text."""

import pytest

from notebook_report.markup import from_html, from_markdown


def test_markdown_keeps_its_plain_elements():
    """Emphasis, code, lists and tables."""
    made = from_markdown("**a** `b`\n\n- c\n\n| d | e |\n|---|--:|\n| 1 | 2 |")
    assert [element.name for element in made.find_all(["strong", "code", "li", "th", "td"])] == [
        "strong", "code", "li", "th", "th", "td", "td",
    ]  # fmt: skip
    assert not any(element.get("style") for element in made.find_all(True))


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("[words](https://example.com/a)", "words (https://example.com/a)"),
        ("https://example.com/a", "https://example.com/a"),
        ('=HYPERLINK("http://x.test/","y")', '=HYPERLINK("http://x.test/","y")'),
        ("![words](http://x.test/pixel.png)", "words"),
        ("[w](javascript:alert(1))", "w (javascript:alert(1))"),
        ("a < b & c > d", "a < b & c > d"),
        ("$x < 1$ and $$y$$", "$x < 1$ and $$y$$"),
        ("<b>not bold</b>", "<b>not bold</b>"),
    ],
)
def test_markdown_as_it_is_read(source, text):
    """Nothing is lost, and nothing leads away."""
    made = from_markdown(source)
    assert made.get_text().strip() == text
    assert made.find(["a", "img", "b"]) is None


def test_html_loses_its_style_and_its_attributes():
    """What pandas puts around a table is for JupyterLab."""
    made = from_html(
        "<div><style scoped>td {color: red}</style><p class='x' style='y' onclick='z'>a <a href='b'>c</a></p></div>"
    )
    assert str(made) == "<div><p>a c</p></div>"


def test_elements_that_are_not_on_the_list_are_shown_as_text():
    """Dropping them would hide that somebody tried."""
    assert from_html("<script>alert(1)</script>").get_text() == "<script>alert(1)</script>"


@pytest.mark.parametrize("text", ["&lt;" * 5_000, "&" * 5_000, "&amp;x" * 5_000])
def test_a_long_text_is_not_cut_inside_a_character_reference(text):
    """Half of ``&lt;`` would be read as something else."""
    shown = from_html(f"<p>{text}</p>").get_text()
    assert "characters)" in shown
    assert shown.split("…")[0].strip("<&x") == ""
