"""The page: what an executed notebook found, its verdict first, in one file that needs nothing else."""

from __future__ import annotations

import ast
import base64
import contextlib
import functools
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import jinja2
from bs4 import BeautifulSoup, Tag
from markupsafe import Markup

from notebook_report.inert import require_inert
from notebook_report.markup import HEADINGS, MOST_CHARACTERS, from_html, from_markdown
from notebook_report.notebook import Block, Gap, Prose, Shown, Stop, read_executed
from notebook_report.pictures import SIGNATURES, picture
from notebook_report.text import shown

TEMPLATE = Path(__file__).parent / "template"
FEWEST_IN_CONTENTS = 3
MOST_IN_A_LINE = 2_000  # characters of a title, a fact, an error, the words of a picture
_REPR = re.compile(r"<[^<>\n]*>")  # <Figure size 600x300 with 1 Axes>
_STRING = re.compile(r"(['\"]).*\1", re.DOTALL)


@dataclass(frozen=True)
class Verdict:
    """What the page says first.

    Attributes
    ----------
    level
        Its colour and sign; never the only place where it is said.
    word
        In one or two words.
    sentence
        Shown where the notebook has nothing to say itself.
    cause
        What ended the notebook too early, else empty; always shown.
    """

    level: Literal["good", "look", "bad"]
    word: str
    sentence: str
    cause: str = ""


@dataclass(frozen=True)
class Heading:
    """A heading in the contents: its `place` in the page and its words."""

    place: str
    words: str


@dataclass
class Piece:
    """A part of the page: `html`, or a heading of a `level`; `shows` tells outputs from prose."""

    html: Markup
    level: int = 0
    words: str = ""
    place: str = ""
    shows: bool = False
    is_gap: bool = False


def make_page(
    notebook: Mapping[str, Any] | None,
    *,
    verdict: Verdict,
    title: str,
    facts: Mapping[str, str],
    links: Mapping[str, str],
) -> bytes:
    """Return the report of an executed notebook: one HTML page in UTF-8, which loads and runs nothing.

    The same notebook and words give the same bytes.

    Parameters
    ----------
    notebook
        nbformat 4, as far as it was executed; None if it was not. Unchanged.
    verdict
        What the page says first, with the outputs of the cell tagged ``verdict``.
    title
        Its heading where the notebook has none.
    facts
        What it is about, by name: a few short texts.
    links
        What each file beside the page holds, by its name.

    Raises
    ------
    PageError
        The page would not be inert.
    """
    executed = read_executed(notebook or {"cells": []})
    writer = _Writer()
    shown_verdict = [piece for output in executed.verdict for piece in writer.output(output, first_level=3)]
    pieces = _without_empty_sections([piece for block in executed.blocks for piece in writer.block(block)])
    style = (TEMPLATE / "page.css").read_text(encoding="utf-8").strip()
    page = (
        _environment()
        .get_template("page.html.j2")
        .render(
            title=shown(executed.title or title, MOST_IN_A_LINE),
            verdict=verdict,
            sign={"good": "✓", "look": "!", "bad": "✕"}[verdict.level],
            shown_verdict=shown_verdict,
            facts=facts,
            pieces=pieces,
            contents=_contents(pieces),
            links=links,
            style=Markup(style),  # noqa: S704 - a file of this package
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        )
    )
    require_inert(page, style=style)
    return page.encode()


class _Writer:
    """Turns blocks into pieces; knows the heading that it stands under, and numbers what needs a name."""

    def __init__(self) -> None:
        self._n_headings = self._n_tables = 0
        self._level, self._heading = 1, ""

    def block(self, block: Block) -> list[Piece]:
        if isinstance(block, Prose):
            return self._elements(from_markdown(block.source), shows=False)
        if isinstance(block, Shown):
            return self.output(block)
        if isinstance(block, Gap):
            return [Piece(Markup(), is_gap=True)]
        return [_stop(block)]

    def output(self, output: Shown, *, first_level: int = 2) -> list[Piece]:
        for kind in SIGNATURES:
            if kind in output.data:
                return [self._figure(kind, output)]
        if "text/html" in output.data:
            soup = from_html(output.data["text/html"])
            if soup is not None:
                return self._elements(soup, shows=True, first_level=first_level)
        elif "text/markdown" in output.data:
            return self._elements(from_markdown(output.data["text/markdown"]), shows=True, first_level=first_level)
        text = _readable(output.data.get("text/plain", ""))
        return [_piece("<pre>{}</pre>", text)] if text else []

    def _figure(self, kind: str, output: Shown) -> Piece:
        alt = f"Picture under the heading “{self._heading}”" if self._heading else "Picture"
        found = picture(kind, output.data[kind], output.metadata.get(kind, {}), alt=alt)
        if found is None:
            return _piece('<p class="note">{}</p>', "A picture that is damaged or too large is left out here.")
        size = Markup(' width="{}" height="{}"').format(found.width, found.height) if found.width else Markup()
        words = shown(found.alt, MOST_IN_A_LINE)
        return _piece('<figure><img src="{}" alt="{}"{}></figure>', found.source, words, size)

    def _elements(self, soup: BeautifulSoup, *, shows: bool, first_level: int = 2) -> list[Piece]:
        for table in soup.find_all("table"):
            self._n_tables += 1
            label = f"Table {self._n_tables}" + (f": {self._heading}" if self._heading else "")
            table.wrap(soup.new_tag("div", attrs={"class": "table", "role": "region", "tabindex": "0"}))
            table.parent["aria-label"] = shown(label, MOST_IN_A_LINE)
        pieces = []
        for element in list(soup.children):
            if isinstance(element, Tag) and element.name in HEADINGS:
                pieces.append(self._heading_piece(element, first_level, in_contents=not shows))
            elif isinstance(element, Tag) or str(element).strip():
                # headings further in keep their size but not their place in the outline
                for inner in element.find_all(HEADINGS) if isinstance(element, Tag) else []:
                    inner.name = "p"
                pieces.append(Piece(Markup(str(element)), shows=shows))  # noqa: S704 - sanitized
        return pieces

    def _heading_piece(self, element: Tag, first_level: int, *, in_contents: bool) -> Piece:
        # at most one level below the heading before: no step of the outline is left out
        level = max(first_level, min(int(element.name[1]), self._level + 1))
        words = element.get_text().strip()
        if in_contents:
            self._level, self._heading = level, words
            self._n_headings += 1
        place = f"s{self._n_headings}" if in_contents else ""
        inner = Markup(element.decode_contents())  # noqa: S704 - sanitized
        html = Markup("<h{0}{1}>{2}</h{0}>").format(level, Markup(' id="{}"').format(place) if place else "", inner)
        return Piece(html, level if in_contents else 0, words, place, shows=not in_contents)


def _stop(block: Stop) -> Piece:
    where = f"cell In [{block.number}]" if block.number else "a cell"
    html = '<p class="stop"><strong>The notebook stopped here</strong>, in {}: <bdi>{}</bdi></p>'
    return _piece(html, where, shown(block.error, MOST_IN_A_LINE))


def _piece(html: str, *values: Any) -> Piece:
    return Piece(Markup(html).format(*values), shows=True)  # noqa: S704 - the values are escaped


def _readable(text: str) -> str:
    """Return what Python shows of a value as text for people: nothing for objects, a string without its quotes."""
    text = text.rstrip()
    if _REPR.fullmatch(text):
        return ""
    if len(text) <= MOST_CHARACTERS and _STRING.fullmatch(text):
        with contextlib.suppress(ValueError, SyntaxError):
            text = str(ast.literal_eval(text))
    return shown(text, MOST_CHARACTERS)


def _without_empty_sections(pieces: Sequence[Piece]) -> list[Piece]:
    """Leave out each heading, with its prose, whose code cells are all left out; not one that has others below it."""
    sections: list[list[Piece]] = [[]]
    for piece in pieces:
        if piece.level:
            sections.append([])
        sections[-1].append(piece)
    kept: list[list[Piece]] = []
    for section in reversed(sections):
        has_parts = bool(section and kept) and 0 < section[0].level < kept[0][0].level
        if has_parts or any(piece.shows for piece in section) or not any(piece.is_gap for piece in section):
            kept.insert(0, section)
    return [piece for section in kept for piece in section if not piece.is_gap]


def _contents(pieces: Sequence[Piece]) -> list[Heading]:
    found = [Heading(piece.place, piece.words) for piece in pieces if piece.level == 2]  # noqa: PLR2004 - the chapters
    return found if len(found) >= FEWEST_IN_CONTENTS else []


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["shown"] = lambda text: shown(text, MOST_IN_A_LINE)
    return environment
