"""The last word on a finished page: nothing in it runs, and nothing leads to, or is loaded from, elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from notebook_report.errors import PageError
from notebook_report.markup import BLOCKS, HEADINGS, INLINE, TABLE

_STRUCTURE = ("html", "head", "meta", "title", "style", "body", "header", "main", "section", "nav", "footer", "figure")
TAGS = frozenset({*_STRUCTURE, *HEADINGS, *TABLE, *BLOCKS, *INLINE, "img"})
ATTRIBUTES = frozenset(
    {"alt", "aria-hidden", "aria-label", "aria-labelledby", "charset", "class", "colspan", "content"}
)
ATTRIBUTES |= {"height", "href", "http-equiv", "id", "lang", "name", "role", "rowspan", "scope", "src", "start"}
ATTRIBUTES |= {"tabindex", "width"}
_HREF = re.compile(r"#[a-z][a-z0-9-]*|[A-Za-z0-9_][A-Za-z0-9_.-]*")  # a place in the page, or a file beside it
_SRC = re.compile(r"data:image/(?:png|jpeg);base64,[A-Za-z0-9+/]+=*")
_META = frozenset({"content-security-policy"})  # no refresh


def require_inert(page: str, *, style: str) -> None:
    """Check a finished page against a list of what it may hold; all else would be somebody else's.

    Parameters
    ----------
    page
        The whole page.
    style
        What its one ``style`` element holds.

    Raises
    ------
    PageError
        An element, an attribute or an address is not on the list; at most five are named.
    """
    reader = _Reader()
    reader.feed(page)
    reader.close()
    problems = list(dict.fromkeys(reader.problems))
    if reader.styles != [style]:
        problems.append("a style that is not the page's own")
    if problems:
        raise PageError(
            f"report: may run or lead elsewhere; found {'; '.join(problems[:5])}; expected inert elements only. "
            "This is an error of the package notebook_report, and no page was written."
        )


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.problems: list[str] = []
        self.styles: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.problems.append(f"<{tag:.40}>")
        self._in_style = tag == "style"
        for name, value in attrs:
            if (
                name not in ATTRIBUTES
                or (name == "href" and not (tag == "a" and _HREF.fullmatch(value or "")))
                or (name == "src" and not (tag == "img" and _SRC.fullmatch(value or "")))
                or (name == "http-equiv" and (value or "").lower() not in _META)
            ):
                self.problems.append(f"<{tag:.40} {name:.40}={value or '':.40}>")

    def handle_endtag(self, tag: str) -> None:
        self._in_style = self._in_style and tag != "style"

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.styles.append(data)

    def handle_comment(self, data: str) -> None:
        self.problems.append(f"<!--{data:.40}")

    def unknown_decl(self, data: str) -> None:
        self.problems.append(f"<![{data:.40}")

    def handle_pi(self, data: str) -> None:
        self.problems.append(f"<?{data:.40}")
