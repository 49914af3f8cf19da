"""Sanitized markdown and HTML have a few plain elements and no links; everything else is text."""

import pytest

from notebook_report.sanitizer import sanitize_html, sanitize_markdown


def test_markdown_keeps_its_plain_elements():
    """Emphasis, code, lists and tables of markdown stay elements, without style."""
    soup = sanitize_markdown("**a** `b`\n\n- c\n\n| d | e |\n|---|--:|\n| 1 | 2 |")
    assert [element.name for element in soup.find_all(["strong", "code", "li", "th", "td"])] == [
        "strong", "code", "li", "th", "th", "td", "td",
    ]  # fmt: skip
    assert not any(element.get("style") for element in soup.find_all(True))


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
    """No text of markdown is lost, and it makes no link, image or raw HTML."""
    soup = sanitize_markdown(source)
    assert soup.get_text().strip() == text
    assert soup.find(["a", "img", "b"]) is None


def test_html_loses_its_style_and_its_attributes():
    """Style, attributes and links of HTML are removed; its text and plain elements stay."""
    soup = sanitize_html(
        "<div><style scoped>td {color: red}</style><p class='x' style='y' onclick='z'>a <a href='b'>c</a></p></div>"
    )
    assert str(soup) == "<div><p>a c</p></div>"


def test_elements_that_are_not_on_the_list_are_shown_as_text():
    """An element that is not on the list becomes text, so that the attempt stays visible."""
    assert sanitize_html("<script>alert(1)</script>").get_text() == "<script>alert(1)</script>"


@pytest.mark.parametrize("text", ["&lt;" * 5_000, "&" * 5_000, "&amp;x" * 5_000])
def test_a_long_text_is_not_cut_inside_a_character_reference(text):
    """A long text is not cut inside ``&lt;``, half of which would be read as something else."""
    displayed = sanitize_html(f"<p>{text}</p>").get_text()
    assert "characters)" in displayed
    assert displayed.split("…")[0].strip("<&x") == ""
