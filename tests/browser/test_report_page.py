"""The report in a real browser: nothing runs, nothing leaves, and it reads well on a phone, on paper and aloud."""

from __future__ import annotations

import io
import json
import re
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from etl.cli.local_files import mirror
from etl.cli.local_pipeline import deploy
from etl.runs.provenance import ROOT
from notebook_report import Banner, make_page

sys.path.append(str(ROOT / "tests" / "notebook_report"))
from made_up_notebooks import HOSTILE, hostile_notebook

pytestmark = [pytest.mark.browser, pytest.mark.functional, pytest.mark.notebook, pytest.mark.slow]

# what the contract lets through as an id, and matplotlib as a label
TEXTS = [text for text in HOSTILE if len(text) <= 256 and not re.search("[\0\ud800]|href", text)] + ["$x$"]


@pytest.fixture(scope="module")
def of_the_pipeline(embedded_aws, tmp_path_factory):
    """Return the report of a run of the pipeline on hostile ids, owners and types."""
    pipeline = deploy(embedded_aws, stage="browser")
    events = [{"device_id": text, "timestamp": 1616506124 + n, "power": "on"} for n, text in enumerate(TEXTS)]
    devices = [
        {"device_id": {"S": text}, "user_id": {"S": f"u{n}{text}"}, "type": {"S": kind}}
        for n, (text, kind) in enumerate(zip(TEXTS, reversed(TEXTS), strict=True))
    ]
    raw = io.BytesIO(json.dumps({"data": events}).encode())
    pipeline.load(raw=raw, s3_object_key="hostile.json", devices=devices)
    execution = pipeline.start({"s3_object_key": "hostile.json", "run_date": "2021-03-23"}, name="hostile")
    assert list(execution.follow())
    assert execution.result().succeeded, execution.result()
    out = tmp_path_factory.mktemp("out")
    mirror(pipeline.analytics_bucket_name, "runs/", out)
    return out / "runs/20210323/hostile/report.html"


@pytest.fixture(scope="module")
def of_made_up_outputs(tmp_path_factory):
    """Return a page that shows hostile text in every way that there is, also such as the pipeline never would."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    banner = Banner("failure", "Failed", HOSTILE[0], HOSTILE[2])
    facts = {"Run date": HOSTILE[3], "Input": HOSTILE[-4]}
    path.write_bytes(
        make_page(hostile_notebook(), banner=banner, title="", facts=facts, links={"manifest.json": HOSTILE[1]})
    )
    return path


@pytest.fixture(params=["of_the_pipeline", "of_made_up_outputs"])
def report(request) -> Path:
    """Return each of the two pages in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def opened(browser):
    """Return a function that opens a page, and notes in ``happened`` whatever it asks for, says or shows."""
    contexts = []

    def open_it(path, *, width=1280, **options):
        context = browser.new_context(viewport={"width": width, "height": 800}, **options)
        contexts.append(context)
        page = context.new_page()
        page.happened = []
        page.on("request", lambda request: page.happened.append(request.url))
        page.on("console", lambda message: page.happened.append(message.text))
        page.on("dialog", lambda dialog: (page.happened.append(dialog.message), dialog.dismiss()))
        page.on("pageerror", lambda error: page.happened.append(str(error)))
        page.on("popup", lambda popup: page.happened.append(popup.url))
        page.goto(path.as_uri())
        return page

    yield open_it
    for context in contexts:
        context.close()


def test_nothing_runs_and_nothing_leaves(opened, report):
    """One request, for the page itself; no word on the console, where a refused style or script would be named."""
    page = opened(report)
    title = page.title()
    page.mouse.move(200, 300)
    page.keyboard.press("Tab")
    page.wait_for_timeout(300)
    assert page.happened == [report.as_uri()]
    assert page.title() == title
    assert "ran" not in title.split()
    assert page.evaluate("document.scripts.length") == 0
    assert (
        page.evaluate("performance.getEntriesByType('resource').filter(r => !r.name.startsWith('data:')).length") == 0
    )


def test_the_guard_of_this_test_would_notice(opened, of_made_up_outputs, tmp_path):
    """With a script and a picture from elsewhere, and without the policy, things do happen."""
    text = of_made_up_outputs.read_text(encoding="utf-8")
    open_page = re.sub("<meta http-equiv[^>]*>", "", text)
    added = "<script>document.title='ran'; console.log('ran')</script><img src='http://127.0.0.1:9/x.png'>"
    path = tmp_path / "open.html"
    path.write_text(open_page.replace("</h1>", f"</h1>{added}"), encoding="utf-8")
    page = opened(path)
    assert page.title() == "ran"
    assert {"ran", "http://127.0.0.1:9/x.png"} <= set(page.happened)
    # and with the policy, they do not, even if all that makes the page harmless had failed
    path.write_text(text.replace("</h1>", f"</h1>{added}"), encoding="utf-8")
    page = opened(path)
    assert page.title() != "ran"
    assert "ran" not in page.happened


def test_ids_and_types_from_outside_appear_as_text(opened, of_the_pipeline):
    """To the letter, as far as they can be seen; those of the first rows are in a table."""
    page = opened(of_the_pipeline)
    shown = page.evaluate("[...document.querySelectorAll('td, th')].map(cell => cell.textContent)")
    for text in [text for text in TEXTS[:8] if text.isprintable()]:
        assert text in shown


@pytest.mark.parametrize("width", [1280, 360])
def test_the_page_never_scrolls_sideways(opened, report, width):
    """Wide tables do, inside their own box; pictures shrink; the policy lets the page's own style through."""
    page = opened(report, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    boxes = page.evaluate("[...document.querySelectorAll('.table')].map(b => [b.clientWidth, b.scrollWidth])")
    assert max(inner - outer for outer, inner in boxes) > 0
    assert all(outer <= width for outer, _ in boxes)
    assert page.evaluate("Math.max(0, ...[...document.images].map(i => i.getBoundingClientRect().width))") <= width
    assert page.evaluate("getComputedStyle(document.body).maxWidth") == "800px"


# the contrast of each piece of text with the first background that is not transparent, and what it says.
# Source of the formula: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
CONTRASTS = """() => {
  const parts = (colour) => colour.match(/[0-9.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const below = (e) => { for (; e; e = e.parentElement) {
    const c = parts(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] === 1) return c; } };
  const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) if (walk.currentNode.data.trim()) {
    const e = walk.currentNode.parentElement;
    const [a, b] = [light(parts(getComputedStyle(e).color)), light(below(e))];
    found.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), walk.currentNode.data]);
  }
  return found; }"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_dark_on_light_with_enough_contrast(opened, report, scheme):
    """4.5 to 1 for every text, whatever the system prefers."""
    page = opened(report, color_scheme=scheme)
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    contrasts = page.evaluate(CONTRASTS)
    assert len(contrasts) > 20
    assert [text for contrast, text in contrasts if contrast < 4.5] == []


def test_it_can_be_read_aloud_and_by_keyboard(opened, report):
    """Language, landmarks, one first heading and no holes below, alternative texts, table heads, names and focus."""
    page = opened(report)
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.evaluate("document.querySelectorAll('main').length") == 1
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert page.evaluate("[...document.querySelectorAll('h1,h2,h3,a')].filter(e => !e.textContent.trim()).length") == 0
    assert page.evaluate("[...document.images].filter(i => !i.alt.trim()).length") == 0
    assert page.evaluate("document.images.length") > 0
    assert page.evaluate("[...document.images].filter(i => !i.naturalWidth).length") == 0
    assert page.evaluate("document.querySelectorAll('th:not([scope])').length") == 0
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))
    labels = page.evaluate("[...document.querySelectorAll('[role=region]')].map(e => e.getAttribute('aria-label'))")
    assert len(labels) == len(set(labels)) == page.evaluate("document.querySelectorAll('.table').length") > 0
    page.locator(".table").first.focus()
    assert page.evaluate("document.activeElement.className") == "table"


def test_right_to_left_text_turns_nothing_around_it(opened, of_the_pipeline):
    """Each cell isolates what it holds."""
    page = opened(of_the_pipeline)
    cells = page.evaluate("[...document.querySelectorAll('td, th')].filter(c => c.textContent.trim())"
                          ".map(c => c.firstElementChild && c.firstElementChild.tagName)")  # fmt: skip
    assert set(cells) == {"BDI"}


def test_it_prints_well(opened, of_the_pipeline):
    """No contents, links as text, no page break inside rows, tables and pictures, nothing cut off at the right."""
    page = opened(of_the_pipeline, width=794)
    page.emulate_media(media="print")
    style = "(s, p) => getComputedStyle(document.querySelector(s))[p]"
    asked = {
        (selector, name): page.evaluate(f"([s, p]) => ({style})(s, p)", [selector, name])
        for selector, name in [
            (".table", "breakInside"),
            ("figure", "breakInside"),
            ("tr", "breakInside"),
            ("footer a", "textDecorationLine"),
            (".table", "overflowX"),
        ]
    }
    assert list(asked.values()) == ["avoid", "avoid", "avoid", "none", "visible"]
    assert page.evaluate(
        "!document.querySelector('nav') || getComputedStyle(document.querySelector('nav')).display"
    ) in (
        True,
        "none",
    )
    assert page.pdf(format="A4").startswith(b"%PDF")
