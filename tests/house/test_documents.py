"""What the documents name is there, and they keep the form that makes them easy to search."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from test_rooms import LEVELS

ROOT = Path(__file__).resolve().parents[2]
DOCS = sorted((ROOT / "docs").rglob("*.md"))
NAMING_FILES = [*DOCS, ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md"]
NAMING_FOLDERS = [*DOCS, ROOT / "SECURITY.md"]
LINKING = [*NAMING_FILES, ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "sample").glob("*.md")]
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
# Places that runs and builds make: in the analytics bucket, in a folder that mirrors it, in a clone
MADE = ("runs/", "devices_operation_history_data/", "out/", "build/", ".venv/")
FILE = re.compile(r"[\w.-]+(/[\w.-]+)*/[\w.-]+\.[a-z]\w*")
FOLDER = re.compile(r"[\w.-]+(/[\w.-]+)*/")
SECTIONS = ["Context", "Decision", "Consequences", "Figures"]
MIN_PLACES, MAX_ARCHITECTURE_LINES, DECISION_LINES = 20, 150, range(20, 36)


def name_of(path: Path) -> str:
    """Return how the project calls a file."""
    return str(path.relative_to(ROOT))


def words_in_code(text: str) -> list[str]:
    """Return the words between backquotes that may be paths of this project, those in blocks of code left out."""
    spans = re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return [word for span in spans for word in span.split() if not word.startswith(MADE)]


def missing(text: str, kind: re.Pattern[str]) -> list[str]:
    """Return the files, or folders, that a text names and that are not there."""
    return [word for word in words_in_code(text) if kind.fullmatch(word) and not (ROOT / word).exists()]


def rows_below(text: str, heading: str) -> list[list[str]]:
    """Return the cells of the first table below a heading, without its own head."""
    lines = text[text.index(heading) :].splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("|"))
    table = [line for line in lines[first:] if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table[2:]]


@pytest.mark.parametrize("path", NAMING_FILES, ids=name_of)
def test_every_file_that_a_document_names_exists(path: Path) -> None:
    """A path in backquotes with a slash and an ending is a file of this project, or one that a run makes."""
    assert missing(path.read_text(encoding="utf-8"), FILE) == []


@pytest.mark.parametrize("path", NAMING_FOLDERS, ids=name_of)
def test_every_folder_that_a_document_names_exists(path: Path) -> None:
    """A path in backquotes that ends with a slash is a folder of this project, or one that a run makes."""
    assert missing(path.read_text(encoding="utf-8"), FOLDER) == []


def test_a_name_that_leads_nowhere_is_caught() -> None:
    """A file that was moved and a folder that is gone are found, also within a command; what a run makes is not."""
    text = "`etl/errors.py` `etl/gone.py` `python -m pytest tests/gone.py` `gone/` `runs/20210323/e/history.csv`"
    assert missing(text, FILE) == ["etl/gone.py", "tests/gone.py"]
    assert missing(text, FOLDER) == ["gone/"]


@pytest.mark.parametrize("path", LINKING, ids=name_of)
def test_every_link_to_a_file_leads_somewhere(path: Path) -> None:
    """Links between documents, to notebooks and to pictures are relative and lead to files that exist."""
    targets = re.findall(r"\]\(([^)#\s]+)", path.read_text(encoding="utf-8"))
    assert [t for t in targets if "://" not in t and not (path.parent / t).exists()] == []


def test_the_drawing_has_the_rooms_of_the_import_rule() -> None:
    """The levels of `etl` in the drawing are those that the import rule enforces, from top to bottom."""
    drawing = re.search(r"```\n(notebooks/.*?)```", ARCHITECTURE, re.DOTALL)
    assert drawing
    levels: list[set[str]] = []
    for branch, room in re.findall(r"^(├─|└─|│ | {2}) etl/(\w+)(?:/|\.py)", drawing[1], re.MULTILINE):
        levels += [set()] if branch in {"├─", "└─"} else []
        levels[-1].add(room)
    assert levels[::-1] == [rooms for rooms in LEVELS["etl"] if rooms != {"__main__"}]


def test_twenty_places_are_found_in_two_steps() -> None:
    """Each way leads to its file: a folder that the drawing names, then a file in it."""
    places = rows_below(ARCHITECTURE, "## Twenty places")
    assert len({question for question, _file, _way in places}) == len(places) >= MIN_PLACES
    before = ARCHITECTURE[: ARCHITECTURE.index("## Twenty places")]
    for _question, file, way in places:
        folder, name = (step.strip("`") for step in way.split(" → "))
        assert f"`{folder}/{name}`" == file
        assert f"{folder}/" in before
        assert (ROOT / folder / name).is_file()


def test_the_architecture_is_short() -> None:
    """It is read in one go."""
    assert ARCHITECTURE.count("\n") <= MAX_ARCHITECTURE_LINES


def test_the_glossary_is_in_order() -> None:
    """Terms are in alphabetical order, each once, each with the file or folder that defines it."""
    rows = rows_below(GLOSSARY, "# Glossary")
    terms = [term.lower() for term, _meaning, _where in rows]
    assert terms == sorted(set(terms))
    for term, _meaning, where in rows:
        assert FILE.fullmatch(where.strip("`")) or FOLDER.fullmatch(where.strip("`")), term


def test_decisions_are_numbered_and_listed() -> None:
    """Numbers have no gap, and the index lists each record."""
    assert [path.name[:4] for path in DECISIONS] == [f"{number:04}" for number in range(1, len(DECISIONS) + 1)]
    index = (ROOT / "docs" / "decisions" / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"\]\((\d{4}-[^)]+)\)", index) == [path.name for path in DECISIONS]


@pytest.mark.parametrize("path", DECISIONS, ids=name_of)
def test_a_decision_has_its_form(path: Path) -> None:
    """A record has its number in the title, a status, all sections in order, and 20 to 35 lines."""
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"# {path.name[:4]} ")
    assert re.search(r"^\*\*Status:\*\* (proposed|accepted|replaced by \d{4})$", text, re.MULTILINE)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    assert text.count("\n") in DECISION_LINES
