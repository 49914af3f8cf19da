"""Convert cells and outputs to the HTML fragments of a page, with an outline of headings."""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bs4 import BeautifulSoup, Tag
from markupsafe import Markup

from notebook_report.figures import SIGNATURES, figure
from notebook_report.notebook import HIDDEN_TAGS, RESULT, Cell, Output, error_of, outputs_of, source_of, tags_of
from notebook_report.sanitizer import HEADINGS, sanitize_html, sanitize_markdown
from notebook_report.text import MAX_TEXT, display_text

_OBJECT = re.compile(r"<[^<>\n]*>")  # <Figure size 600x300 with 1 Axes>
_STRING = re.compile(r"(['\"]).*\1", re.DOTALL)


@dataclass
class Fragment:
    """A part of the page.

    Attributes
    ----------
    html
        Sanitized HTML; empty for a hidden cell.
    level, heading, anchor
        Of a heading of the outline; else 0 and empty.
    is_output
        Whether it comes from an output, not from prose.
    """

    html: Markup
    level: int = 0
    heading: str = ""
    anchor: str = ""
    is_output: bool = False


class FragmentWriter:
    """Converts cells in the order of the page; headings, tables and figures depend on the heading above them."""

    def __init__(self) -> None:
        self._n_headings = self._n_tables = 0
        self._level, self._heading = 1, ""

    def body(self, cells: Sequence[Cell]) -> list[Fragment]:
        """Return the fragments of cells up to a failed one, without sections whose code cells are all hidden."""
        return _without_hidden_sections(list(self._body(cells)))

    def _body(self, cells: Sequence[Cell]) -> Iterator[Fragment]:
        for cell in cells:
            is_hidden = bool(HIDDEN_TAGS & tags_of(cell))
            if cell["cell_type"] == "markdown" and not is_hidden:
                yield from self._elements(sanitize_markdown(source_of(cell)), is_output=False)
            elif cell["cell_type"] == "code":
                if is_hidden:
                    yield Fragment(Markup())
                else:
                    yield from self.outputs(cell)
                if error := error_of(cell):
                    if RESULT not in tags_of(cell):  # the banner already has that error
                        yield _failure(cell.get("execution_count"), error)
                    return

    def outputs(self, cell: Cell, *, min_level: int = 2) -> list[Fragment]:
        """Return the fragments of a code cell's outputs; their headings have at least `min_level`."""
        return [fragment for output in outputs_of(cell) for fragment in self._output(output, min_level)]

    def _output(self, output: Output, min_level: int) -> list[Fragment]:
        for kind in SIGNATURES:
            if kind in output.data:
                return [self._figure(kind, output)]
        if "text/html" in output.data:
            soup = sanitize_html(output.data["text/html"])
            if soup is not None:
                return self._elements(soup, is_output=True, min_level=min_level)
        elif "text/markdown" in output.data:
            return self._elements(sanitize_markdown(output.data["text/markdown"]), is_output=True, min_level=min_level)
        text = _plain_text(output.data.get("text/plain", ""))
        return [_fragment("<pre>{}</pre>", text)] if text else []

    def _figure(self, kind: str, output: Output) -> Fragment:
        alt = f"Picture under the heading “{self._heading}”" if self._heading else "Picture"
        html = figure(kind, output.data[kind], output.metadata.get(kind, {}), alt=alt)
        missing = '<p class="note">A picture that is damaged or too large is left out here.</p>'
        return Fragment(html or Markup(missing), is_output=True)  # noqa: S704 - the line above

    def _elements(self, soup: BeautifulSoup, *, is_output: bool, min_level: int = 2) -> list[Fragment]:
        for table in soup.find_all("table"):
            self._n_tables += 1
            label = f"Table {self._n_tables}" + (f": {self._heading}" if self._heading else "")
            table.wrap(soup.new_tag("div", attrs={"class": "table", "role": "region", "tabindex": "0"}))
            table.parent["aria-label"] = display_text(label)
        fragments = []
        for element in list(soup.children):
            if isinstance(element, Tag) and element.name in HEADINGS:
                fragments.append(self._heading_fragment(element, min_level, in_outline=not is_output))
            elif isinstance(element, Tag) or str(element).strip():
                # a nested heading, as in a list, is not part of the outline
                for inner in element.find_all(HEADINGS) if isinstance(element, Tag) else []:
                    inner.name = "p"
                fragments.append(Fragment(Markup(str(element)), is_output=is_output))  # noqa: S704 - sanitized
        return fragments

    def _heading_fragment(self, element: Tag, min_level: int, *, in_outline: bool) -> Fragment:
        # at most one level below the heading before, so that the outline skips no level
        level = max(min_level, min(int(element.name[1]), self._level + 1))
        content = Markup(element.decode_contents())  # noqa: S704 - sanitized
        if not in_outline:
            return _fragment("<h{0}>{1}</h{0}>", level, content)
        self._level, self._heading = level, element.get_text().strip()
        self._n_headings += 1
        anchor = f"s{self._n_headings}"
        html = Markup('<h{0} id="{1}">{2}</h{0}>').format(level, anchor, content)
        return Fragment(html, level, self._heading, anchor)


def _failure(number: int | None, error: str) -> Fragment:
    where = f"cell In [{number}]" if number else "a cell"
    html = '<p class="stop"><strong>The notebook stopped here</strong>, in {}: <bdi>{}</bdi></p>'
    return _fragment(html, where, display_text(error))


def _fragment(html: str, *values: Any) -> Fragment:
    return Fragment(Markup(html).format(*values), is_output=True)  # noqa: S704 - the values are escaped


def _plain_text(text: str) -> str:
    """Return Python's representation of a value as text: nothing for objects, a string without its quotes."""
    text = text.rstrip()
    if _OBJECT.fullmatch(text):
        return ""
    if len(text) <= MAX_TEXT and _STRING.fullmatch(text):
        with contextlib.suppress(ValueError, SyntaxError):
            text = str(ast.literal_eval(text))
    return display_text(text, MAX_TEXT)


def _without_hidden_sections(fragments: Sequence[Fragment]) -> list[Fragment]:
    """Leave out each section (heading and prose) that has hidden cells, but no output and no section below it."""
    sections: list[list[Fragment]] = [[]]
    for fragment in fragments:
        if fragment.level:
            sections.append([])
        sections[-1].append(fragment)
    kept: list[list[Fragment]] = []
    for section in reversed(sections):
        has_parts = bool(section and kept) and 0 < section[0].level < kept[0][0].level
        has_output = any(fragment.is_output for fragment in section)
        if has_parts or has_output or all(fragment.html for fragment in section):
            kept.insert(0, section)
    return [fragment for section in kept for fragment in section if fragment.html]
