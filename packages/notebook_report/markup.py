"""Markup of a notebook, made harmless: markdown and HTML become a few plain elements, all else becomes text."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import unquote

from bs4 import BeautifulSoup, Tag
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors.sanitize import SanitizeHTML

from notebook_report.tables import tidy_table
from notebook_report.text import shown, visible

MOST_CHARACTERS = 20_000  # of one text, such as what a cell printed
MOST_IN_A_CELL = 300  # of one piece of text in a table
MOST_MARKUP = 150_000  # of one output's HTML, about a second; a table of 60 rows has some 20,000

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
TABLE = ("table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td")
BLOCKS = ("p", "div", "ul", "ol", "li", "dl", "dt", "dd", "blockquote", "pre", "hr", "br")
INLINE = ("a", "b", "strong", "i", "em", "code", "del", "sub", "sup", "span", "bdi")
# nbconvert's own list lets paragraphs and headings through as text only
_SANITIZER = SanitizeHTML(
    tags=[*HEADINGS, *TABLE, *BLOCKS, *INLINE],
    attributes={"th": ["colspan", "rowspan"], "td": ["colspan", "rowspan"], "ol": ["start"]},
    styles=[],
    strip=False,
)
MOST_UNCLOSED = 500  # tags; what is never closed nests, and nesting costs its square
_STYLE = re.compile(r"<style\b[^>]*>.*?</style\s*>", re.DOTALL | re.IGNORECASE)
_LONG_TEXT = re.compile(r"[^<>]{2000,}")


class _Renderer(IPythonRenderer):  # type: ignore[misc]
    """Markdown without links and pictures: the page leads to, and loads, nothing but the run's own files."""

    def link(self, text: str, url: str, title: str | None = None) -> str:  # noqa: ARG002 - mistune's signature
        """Return the words, and where they would have led."""
        # an address in the text became a link by itself; its words are enough
        return text if unquote(url) == unescape(text) else f"{text} ({self.escape_html(url)})"

    def image(self, text: str, url: str, title: str | None = None) -> str:  # noqa: ARG002 - mistune's signature
        """Return what the picture shows, in words."""
        return str(self.escape_html(text))


def from_markdown(source: str) -> BeautifulSoup:
    """Return markdown as elements; HTML in it is text, and so is what stands between dollar signs."""
    text = shown(source, MOST_CHARACTERS)
    renderer = _Renderer(escape=True, allow_harmful_protocols=False, exclude_anchor_links=True)
    return _clean(MarkdownWithMath(renderer=renderer).render(text))


def from_html(source: str) -> BeautifulSoup | None:
    """Return an output's HTML as elements, without its style; None if it is too much to sanitize."""
    # pieces of text first: one value of 5 MB need not cost the table around it
    short = _LONG_TEXT.sub(lambda found: _cut_escaped(found[0]), _STYLE.sub("", source))
    n_closing = short.count("</")
    n_unclosed = short.count("<") - 2 * n_closing
    return _clean(visible(short)) if len(short) <= MOST_MARKUP and n_unclosed <= MOST_UNCLOSED else None


def _clean(html: str) -> BeautifulSoup:
    soup = BeautifulSoup(_SANITIZER.sanitize_html_tags(html), "html.parser")
    for link in soup.find_all("a"):
        link.unwrap()
    for text in soup.find_all(string=True):
        # character references are characters by now
        cleaned = shown(text, MOST_IN_A_CELL if text.find_parent("table") else MOST_CHARACTERS)
        if cleaned != text:
            text.replace_with(cleaned)
    for table in soup.find_all("table"):
        if isinstance(table, Tag) and not table.find_parent("table"):
            tidy_table(table)
    return soup


def _cut_escaped(text: str) -> str:
    """Cut a long piece of HTML's text, not in the middle of a character reference."""
    # short enough not to be cut a second time, which would count what is left of it
    kept = re.sub(r"&[^;&]{0,31}$", "", text[: MOST_IN_A_CELL - 50])
    return f"{kept}… ({len(text):,} characters) "
