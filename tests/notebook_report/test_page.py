"""The page says what the notebook found, its verdict first, to everybody."""

import itertools
import re

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from made_up_notebooks import HOSTILE, code, error, frame, hostile_notebook, markdown, notebook, png, printed, result

from notebook_report import Verdict, make_page

TABLE = frame(pd.DataFrame({"n_events": [3]}, index=pd.Index(["TV"], name="type")))
BAD = Verdict("bad", "Failed", "It did not end.", "NotebookError: 03_checks.ipynb, cell In [4]: planted")


def words(page):
    """Return the page's text, blanks folded."""
    return " ".join(page.body.get_text(" ").split())


def test_verdict_prose_and_outputs_in_order_without_code(page):
    """The verdict's cell may stand anywhere; code, parameters, result and what is said of running it are left out."""
    made = page(
        markdown("## Did everything arrive?\n\nprose_1"),
        code(TABLE),
        code(result(md="finding_2")),
        code(result(md="May be published: **19 of 19** checks passed"), tags=["verdict"]),
        markdown("prose_3"),
    )
    order = ["Passed", "19 of 19", "Did everything arrive?", "prose_1", "TV", "finding_2", "prose_3"]
    places = [words(made).index(text) for text in order]
    assert places == sorted(places)
    for absent in ("secret_code", "how to run it", "card_words", "run_date", "IPython", "All is well."):
        assert absent not in made.decode()


def test_the_first_heading_is_the_title_without_its_number(page):
    """Of the title card nothing else is shown."""
    made = page()
    assert [heading.get_text() for heading in made.find_all("h1")] == ["Checks: may this day be published?"]
    assert made.title.get_text() == "Passed: Checks: may this day be published?"


def test_without_a_notebook_the_page_says_why():
    """The kernel never started: the failure is all that there is."""
    made = BeautifulSoup(make_page(None, verdict=BAD, title="Checks", facts={}, links={}), "html.parser")
    assert made.h1.get_text() == "Checks"
    assert "Failed It did not end. NotebookError: 03_checks.ipynb, cell In [4]: planted" in words(made)


@pytest.mark.parametrize(("level", "sign"), [("good", "✓"), ("look", "!"), ("bad", "✕")])
def test_the_verdict_is_a_word_and_a_sign_besides_its_colour(page, level, sign):
    """Not everybody sees the colour; the sign is not read aloud."""
    section = page(verdict=Verdict(level, "A word", "A sentence.")).find("section", class_="verdict")
    assert section["class"] == ["verdict", level]
    assert section.h2.get_text() == f"{sign} A word"
    assert section.find("span")["aria-hidden"] == "true"
    assert "A sentence." in section.get_text()


def test_a_cell_tagged_remove_cell_is_left_out(page):
    """Leaves out prose and code with nbconvert's tag ``remove_cell``, and nothing else of the section."""
    made = page(
        markdown("## Sessions"),
        code(TABLE),
        markdown("four_of_four", "remove_cell"),
        code(printed("made_up"), tags=["remove_cell"]),
    )
    assert "four_of_four" not in words(made)
    assert "made_up" not in words(made)
    assert "Sessions" in words(made)


def test_a_section_that_shows_only_what_is_left_out_goes_too(page):
    """Its heading and its prose would lead to nothing."""
    made = page(
        markdown("## Kept\n\nkept_prose"),
        code(TABLE),
        markdown("after_it\n\n## Gone\n\ngone_prose"),
        code(printed("x"), tags=["remove_cell"]),
        markdown("## Only prose\n\nalso_kept"),
        markdown("## Verdict\n\ngone_too"),
    )
    assert [heading.get_text() for heading in made.main.find_all("h2")][1:] == ["Kept", "Only prose"]
    assert "after_it" in words(made)
    assert "gone" not in words(made)


def test_a_section_stays_for_the_sake_of_those_below_it(page):
    """Else its parts would seem to belong to the section before."""
    made = page(
        markdown("## A"), code(TABLE), markdown("## B"), code(tags=["remove_cell"]), markdown("### B1"), code(TABLE)
    )
    assert [heading.get_text() for heading in made.main.find_all(["h2", "h3"])][1:] == ["A", "B", "B1"]


def test_what_python_shows_of_objects_is_left_out(page):
    """A figure's name, an object; a string is shown as its text; what was printed is shown."""
    made = page(
        code(
            result(plain="<Figure size 600x300 with 1 Axes>"),
            result(plain="<IPython.core.display.JSON object>"),
            result(plain="'It\\'s 5 events.'"),
            printed("\x1b[1m6 events\x1b[0m\n"),
            printed("a warning", name="stderr"),
        )
    )
    assert [text.get_text() for text in made.find_all("pre")] == ["It's 5 events.", "6 events"]
    assert "warning" not in words(made)


def test_an_error_is_named_where_it_happened_and_nothing_follows(page):
    """Without its traceback, which is code; what was not executed is not shown."""
    made = page(
        markdown("## Arrived"),
        code(TABLE),
        markdown("## Broken"),
        code(
            printed("shown before it"), error("\x1b[31mZeroDivisionError\x1b[0m", "planted"), status="failed", number=7
        ),
        markdown("## Not reached"),
        verdict=BAD,
    )
    assert "The notebook stopped here , in cell In [7]: ZeroDivisionError: planted" in words(made)
    assert "shown before it" in words(made)
    assert "Not reached" not in words(made)
    assert words(made).index(BAD.cause) < words(made).index("Arrived")


def test_a_dead_kernel_leaves_no_error_but_a_mark(page):
    """The cell that was running is said."""
    assert "in cell In [3]: it did not end" in words(page(code(status="failed", number=3), markdown("after_it")))


def test_the_result_cells_own_error_is_the_verdicts(page):
    """A failed check: everything was shown before, and is not called unreached."""
    document = notebook(markdown("## Arrived"), code(TABLE))
    document["cells"][-1] = code(error("ChecksFailedError", "history: failed"), tags=["result"], status="failed")
    made = page(of=document, verdict=BAD)
    assert "Arrived" in words(made)
    assert "stopped here" not in words(made)


def test_papermills_own_marks_are_left_out(page):
    """It writes a red line at the top and before the failed cell; the report says it in its own words."""
    mark = {
        "cell_type": "markdown",
        "source": "<span>An Exception</span>",
        "metadata": {"tags": ["papermill-error-cell-tag"]},
    }
    document = notebook(code(TABLE))
    document["cells"].insert(0, mark)
    made = page(of=document)
    assert made.h1.get_text() == "Checks: may this day be published?"
    assert "Exception" not in words(made)


def test_the_outline_has_no_holes(page):
    """One first heading; each other at most one level below the one before."""
    made = page(
        markdown("# Again a title"),
        markdown("#### Deep"),
        markdown("## Back"),
        code(result(md="##### In an output")),
        code(result(md="# In the verdict"), tags=["verdict"]),
    )
    levels = [int(heading.name[1]) for heading in made.find_all(re.compile("^h[1-6]$"))]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_contents_lead_to_the_chapters(page):
    """From three of them on; every link has its place."""
    chapters = [markdown(f"## Chapter {n}\n\ntext") for n in range(3)]
    assert page(*chapters[:2]).nav is None
    made = page(*chapters, code(TABLE))
    assert [link.get_text() for link in made.nav.find_all("a")] == ["Chapter 0", "Chapter 1", "Chapter 2"]
    for link in made.nav.find_all("a"):
        assert made.find(id=link["href"][1:]).get_text() == link.get_text()


def test_pictures_have_their_words_and_their_size(page):
    """Those of the output, or the heading above; the page does not jump when they are drawn."""
    given = {"image/png": {"alt": 'Bars: 5 "TV" & <b>'}}
    made = page(
        code(result(png=png(), plain="<Figure>")),
        markdown("## Events per hour"),
        code(result(given, png=png(600, 300)), result({"image/png": {"alt": " ", "width": 300}}, png=png(600, 300))),
    )
    assert [(picture["alt"], picture["width"]) for picture in made.find_all("img")] == [
        ("Picture", "2"),
        ('Bars: 5 "TV" & <b>', "600"),
        ("Picture under the heading “Events per hour”", "300"),
    ]


@pytest.mark.parametrize("spoilt", ["", "%%%", "PHN2Zz4=", '"><script>', "A" * 8_000_000])
def test_what_is_no_picture_is_not_shown_as_one(page, spoilt):
    """Damaged, something else, or too large: the page says that something is missing."""
    made = page(code(result(png=spoilt)))
    assert made.find("img") is None
    assert "A picture that is damaged or too large is left out here." in words(made)


def test_tables_have_a_name_and_can_be_reached_by_keyboard(page):
    """Their box scrolls, so it can be focused; each has another label."""
    made = page(code(TABLE), markdown("## By type"), code(TABLE))
    boxes = made.find_all("div", class_="table")
    assert [(box["role"], box["tabindex"], box["aria-label"]) for box in boxes] == [
        ("region", "0", "Table 1"),
        ("region", "0", "Table 2: By type"),
    ]


def test_facts_and_files_are_shown(page):
    """Where the figures come from, and where more is."""
    made = page(facts={"Input": "s3://b/<k>.json"}, links={"manifest.json": "the record"})
    assert [
        (term.get_text(), value.get_text())
        for term, value in zip(made.find_all("dt"), made.find_all("dd"), strict=True)
    ] == [("Input", "s3://b/<k>.json")]
    assert [(link["href"], link.get_text()) for link in made.footer.find_all("a")] == [
        ("manifest.json", "manifest.json")
    ]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:20]))
def test_text_from_outside_stays_text(page, text):
    """In a table, in markdown, printed, as a fact and as a cause, a hostile text makes no element of its own."""
    table = frame(pd.DataFrame({"device_id": pd.Series([text], dtype="object"), "n": [1]}))
    cells = [code(table), code(printed(text)), code(result(md=text)), code(result(html=f"<p>{text}</p>"))]
    made = page(*cells, facts={"Input": text}, verdict=Verdict("bad", "Failed", text, text))
    assert not made.find_all(["script", "svg", "iframe", "link", "base", "form", "input", "img", "object"])
    assert len(made.find_all("meta")) == 5
    assert made.find_all("a") == []
    assert {name for element in made.find_all(True) for name in element.attrs if name.startswith("on")} == set()


def test_a_table_shows_hostile_ids_to_the_letter(page):
    """What can be seen is shown as it is, isolated from the text around it."""
    texts = [text for text in HOSTILE if text.isprintable() and len(text) < 300]
    with pd.option_context("display.max_colwidth", None):
        made = page(code(frame(pd.DataFrame({"device_id": texts}, index=pd.Index(texts, name="again")))))
    shown = [row.find_all("bdi") for row in made.tbody.find_all("tr")]
    assert [[cell.get_text() for cell in row] for row in shown] == [[text, text] for text in texts]


def test_megabytes_of_text_make_a_small_page(page):
    """5 MB in an id, in what was printed, in markdown, in an error: the page stays small and says how long it was."""
    huge = "<b>é" * 1_250_000
    with pd.option_context("display.max_colwidth", None):
        cells = [code(frame(pd.DataFrame({"device_id": [huge, "d2"]})))]
    cells += [
        code(printed(huge)),
        code(result(md=huge)),
        code(result(plain=repr(huge))),
        code(error("E", huge), status="failed"),
    ]
    made = page(*cells, facts={"Input": huge}, verdict=Verdict("bad", "Failed", huge, huge))
    assert len(made.decode()) < 200_000
    assert "d2" in words(made)
    assert "5,000,000 characters" in words(made)


@pytest.mark.parametrize("html", ["<p>a</p>" * 200_000, "<b>" * 40_000])
def test_endless_html_is_replaced_by_its_text(page, html):
    """What would take minutes to sanitize is not."""
    made = page(code(result(html=html, plain="the same as text")))
    assert "the same as text" in words(made)


def test_the_same_notebook_gives_the_same_bytes():
    """No time, no random names."""
    made = {make_page(hostile_notebook(), verdict=BAD, title="T", facts={}, links={}) for _ in range(2)}
    assert len(made) == 1


def test_the_page_allows_itself_nothing(page):
    """The browser is told so too, by a policy that names this very style."""
    policy = page().find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "unsafe" not in policy
