"""Sanitize a notebook's markdown and HTML: a few plain elements stay, everything else becomes text."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import unquote

from bs4 import BeautifulSoup, Tag
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors.sanitize import SanitizeHTML

from notebook_report.tables import tidy_table
from notebook_report.text import MAX_TEXT, display_text, escape_invisible

MAX_CELL = 300  # characters of one text in a table
MAX_HTML = 150_000  # characters of one output's HTML, sanitized in a second; a table of 60 rows has some 20,000
MAX_UNCLOSED_TAGS = 500  # unclosed tags nest, and the time grows with the square of the depth

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
TABLE = ("table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td")
BLOCKS = ("p", "div", "ul", "ol", "li", "dl", "dt", "dd", "blockquote", "pre", "hr", "br")
INLINE = ("a", "b", "strong", "i", "em", "code", "del", "sub", "sup", "span", "bdi")
# nbconvert's default list lacks paragraphs and headings
_SANITIZER = SanitizeHTML(
    tags=[*HEADINGS, *TABLE, *BLOCKS, *INLINE],
    attributes={"th": ["colspan", "rowspan"], "td": ["colspan", "rowspan"], "ol": ["start"]},
    styles=[],
    strip=False,
)
_STYLE = re.compile(r"<style\b[^>]*>.*?</style\s*>", re.DOTALL | re.IGNORECASE)
_LONG_TEXT = re.compile(r"[^<>]{2000,}")


class _Renderer(IPythonRenderer):  # type: ignore[misc]
    """Renders markdown without links and images, because the page links to files beside it only."""

    def link(self, text: str, url: str, title: str | None = None) -> str:  # noqa: ARG002 - mistune's signature
        """Return the text of the link and its address; only the text where mistune made the link from an address."""
        return text if unquote(url) == unescape(text) else f"{text} ({self.escape_html(url)})"

    def image(self, text: str, url: str, title: str | None = None) -> str:  # noqa: ARG002 - mistune's signature
        """Return the alternative text."""
        return str(self.escape_html(text))


def sanitize_markdown(source: str) -> BeautifulSoup:
    """Return markdown as elements; HTML and formulas in it become text."""
    renderer = _Renderer(escape=True, allow_harmful_protocols=False, exclude_anchor_links=True)
    return _sanitize(MarkdownWithMath(renderer=renderer).render(display_text(source, MAX_TEXT)))


def sanitize_html(source: str) -> BeautifulSoup | None:
    """Return an output's HTML as elements without style; None if it would take too long to sanitize."""
    # cut long texts first: a value of 5 MB must not cost the table around it
    short = _LONG_TEXT.sub(lambda match: _cut_escaped(match[0]), _STYLE.sub("", source))
    n_unclosed = short.count("<") - 2 * short.count("</")
    if len(short) > MAX_HTML or n_unclosed > MAX_UNCLOSED_TAGS:
        return None
    return _sanitize(escape_invisible(short))


def _sanitize(html: str) -> BeautifulSoup:
    soup = BeautifulSoup(_SANITIZER.sanitize_html_tags(html), "html.parser")
    for link in soup.find_all("a"):
        link.unwrap()
    for text in soup.find_all(string=True):
        # again, because the parser has turned character references into characters
        cleaned = display_text(text, MAX_CELL if text.find_parent("table") else MAX_TEXT)
        if cleaned != text:
            text.replace_with(cleaned)
    for table in soup.find_all("table"):
        if isinstance(table, Tag) and not table.find_parent("table"):
            tidy_table(table)
    return soup


def _cut_escaped(text: str) -> str:
    """Cut a long text of HTML, but not inside a character reference."""
    # shorter than MAX_CELL, so that it is not cut again, which would count only the characters that are left
    start = re.sub(r"&[^;&]{0,31}$", "", text[: MAX_CELL - 50])
    return f"{start}… ({len(text):,} characters) "
