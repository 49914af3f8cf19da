"""Make the page: the banner first, then the findings of an executed notebook, in one file that needs no other."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import jinja2
from markupsafe import Markup

from notebook_report.allowlist import check_allowlist
from notebook_report.fragments import FragmentWriter
from notebook_report.notebook import VERDICT, tags_of, title_and_body
from notebook_report.text import display_text

TEMPLATE = Path(__file__).parent / "template"
MIN_CONTENTS = 3  # chapters, from which on the page has a table of contents


@dataclass(frozen=True)
class Banner:
    """The outcome at the top of the page.

    Attributes
    ----------
    level
        Chooses the colour and the sign; `word` has the same meaning in text.
    word
        The outcome in one or two words.
    sentence
        The outcome in one sentence, displayed if no output of the notebook is tagged ``verdict``.
    cause
        The error that ended the notebook, else empty; always displayed.
    """

    level: Literal["success", "warning", "failure"]
    word: str
    sentence: str
    cause: str = ""


def make_page(
    notebook: Mapping[str, Any] | None,
    *,
    banner: Banner,
    title: str,
    facts: Mapping[str, str],
    links: Mapping[str, str],
) -> bytes:
    """Return the report of an executed notebook: one HTML page in UTF-8, which loads and runs nothing.

    The same arguments give the same bytes.

    Parameters
    ----------
    notebook
        nbformat 4, as far as it was executed; None if it was not. Unchanged.
    banner
        The outcome at the top, together with the outputs of the cell tagged ``verdict``.
    title
        The page's heading if the notebook has none.
    facts
        A few short texts by name, such as the run date.
    links
        A description of each file beside the page, by file name.

    Raises
    ------
    PageError
        The page has an element or an address that is not allowed.
    """
    own_title, body = title_and_body(notebook or {})
    writer = FragmentWriter()
    verdicts = [cell for cell in body if VERDICT in tags_of(cell) and cell["cell_type"] == "code"]
    banner_fragments = [fragment for cell in verdicts for fragment in writer.outputs(cell, min_level=3)]
    fragments = writer.body(body)
    chapters = [fragment for fragment in fragments if fragment.level == 2]  # noqa: PLR2004 - h2
    style = (TEMPLATE / "page.css").read_text(encoding="utf-8").strip()
    page = (
        _environment()
        .get_template("page.html.j2")
        .render(
            title=display_text(own_title or title),
            banner=banner,
            sign={"success": "✓", "warning": "!", "failure": "✕"}[banner.level],
            banner_fragments=banner_fragments,
            facts=facts,
            fragments=fragments,
            contents=chapters if len(chapters) >= MIN_CONTENTS else [],
            links=links,
            style=Markup(style),  # noqa: S704 - a file of this package
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        )
    )
    check_allowlist(page, style=style)
    return page.encode()


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
    environment.filters["display"] = display_text
    return environment
