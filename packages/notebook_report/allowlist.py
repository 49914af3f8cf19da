"""The last check of a finished page: only elements, attributes and addresses of a list, which run and load nothing."""

from __future__ import annotations

import re
from typing import Any

from bs4 import BeautifulSoup, Doctype
from bs4.element import PreformattedString

from notebook_report.sanitizer import BLOCKS, HEADINGS, INLINE, TABLE

_STRUCTURE = ("html", "head", "meta", "title", "style", "body", "header", "main", "section", "nav", "footer", "figure")
TAGS = frozenset({*_STRUCTURE, *HEADINGS, *TABLE, *BLOCKS, *INLINE, "img"})
_ARIA = ("aria-hidden", "aria-label", "aria-labelledby", "role", "tabindex")
_LAYOUT = ("class", "colspan", "height", "rowspan", "scope", "start", "width")
ATTRIBUTES = frozenset({*_ARIA, *_LAYOUT, "alt", "charset", "content", "id", "lang", "name"})
_HREF = re.compile(r"#[a-z][a-z0-9-]*|[A-Za-z0-9_][A-Za-z0-9_.-]*")  # an anchor in the page, or a file beside it
_SRC = re.compile(r"data:image/(?:png|jpeg);base64,[A-Za-z0-9+/]+=*")


class PageError(Exception):
    """The finished page has an element that could run, or an address outside; nobody must get the page."""


def check_allowlist(page: str, *, style: str) -> None:
    """Check a finished page against the list; anything else would come from the notebook.

    Parameters
    ----------
    page
        The whole page.
    style
        The content of its only ``style`` element.

    Raises
    ------
    PageError
        An element, an attribute or an address is not on the list; the message names at most five.
    """
    problems: list[str] = []

    def on_duplicate(_attributes: Any, name: str, value: str | None) -> None:
        problems.append(f"a second {name:.40}={value or '':.40}")

    soup = BeautifulSoup(page, "html.parser", multi_valued_attributes=None, on_duplicate_attribute=on_duplicate)
    problems += [f"<{element.name:.40}>" for element in soup.find_all(True) if element.name not in TAGS]
    problems += [
        f"<{element.name:.40} {name:.40}={value:.40}>"
        for element in soup.find_all(True)
        for name, value in element.attrs.items()
        if not _is_allowed(element.name, name, value)
    ]
    # comments, CDATA sections, processing instructions
    special = soup.find_all(string=lambda text: isinstance(text, PreformattedString) and not isinstance(text, Doctype))
    problems += [f"<!{text:.40}" for text in special]
    if [element.get_text() for element in soup.find_all("style")] != [style]:
        problems.append("a style that is not the page's own")
    if problems:
        raise PageError(
            f"report: may run or lead elsewhere; found {'; '.join(list(dict.fromkeys(problems))[:5])}; expected inert "
            "elements only. This is an error of the package notebook_report, and no page was written."
        )


def _is_allowed(tag: str, attribute: str, value: str) -> bool:
    if attribute == "href":
        return tag == "a" and bool(_HREF.fullmatch(value))
    if attribute == "src":
        return tag == "img" and bool(_SRC.fullmatch(value))
    if attribute == "http-equiv":  # no refresh
        return value.lower() == "content-security-policy"
    return attribute in ATTRIBUTES
