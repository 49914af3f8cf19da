"""Tables of data frames, for people: heads that a screen reader knows, no index that only counts."""

from __future__ import annotations

import re

from bs4 import BeautifulSoup, Tag

MOST_ROWS = 100
FEWEST_LONG = 40  # characters, from which a column is one of sentences and gets room for them
_NUMBER = re.compile(r"[-+\N{MINUS SIGN}]?[\d,]*\.?\d+(?: ?%)?")
_SPANS = ("colspan", "rowspan")


def tidy_table(table: Tag) -> None:
    """Change a sanitized table in place.

    The two header rows that pandas makes of a named index become one; an index without a name that only counts rows
    goes; header cells say what they are the head of; every cell is isolated, so that right-to-left text in it turns
    nothing around it; rows beyond `MOST_ROWS` become one line that counts them.
    """
    heads, rows = _rows(table, "thead"), _shortened(_rows(table, "tbody"))
    if len(heads) == 2:  # noqa: PLR2004 - the columns' row and the index names' row
        _join_heads(*heads)
        heads = _rows(table, "thead")
    if len(heads) == 1 and _only_counts(heads[0], rows):
        for row in (heads[0], *rows):
            _cells(row)[0].decompose()
    _say_heads(heads, rows)
    _fit_columns(heads, rows)
    for cell in table.find_all(["th", "td", "caption"]):
        _isolate(cell)
    if table.find(class_="long"):
        _stack_on_phones(table)


def _rows(table: Tag, part: str) -> list[Tag]:
    return [row for found in table.find_all(part) for row in found.find_all("tr", recursive=False)]


def _cells(row: Tag) -> list[Tag]:
    return list(row.find_all(["th", "td"], recursive=False))


def _words(cell: Tag) -> str:
    return str(cell.get_text()).strip()


def _spans(row: Tag) -> bool:
    return any(cell.get(span, "1") != "1" for cell in _cells(row) for span in _SPANS)


def _join_heads(columns: Tag, index: Tag) -> None:
    """Move the names of the index into the row of the columns' names, where the place is free."""
    upper, lower = _cells(columns), _cells(index)
    names = [_words(cell) for cell in lower]
    n_index = max((place + 1 for place, name in enumerate(names) if name), default=0)
    if len(upper) != len(lower) or n_index == len(lower) or _spans(columns) or _spans(index):
        return
    for cell, name in zip(upper[:n_index], names[:n_index], strict=True):
        # the columns may have a name of their own, which stands above that of the index
        cell.string = " / ".join(part for part in (name, _words(cell)) if part)
    index.decompose()


def _only_counts(head: Tag, rows: list[Tag]) -> bool:
    first = [_cells(row)[:1] for row in rows]
    return (
        len(_cells(head)) > 1
        and not _words(_cells(head)[0])
        and not any(map(_spans, (head, *rows)))
        and all(cells and cells[0].name == "th" for cells in first)
        and [_words(cells[0]) for cells in first] == [str(number) for number in range(len(rows))]
    )


def _say_heads(heads: list[Tag], rows: list[Tag]) -> None:
    for scope, found in (("col", heads), ("row", rows)):
        for cell in (cell for row in found for cell in _cells(row)):
            if cell.name == "th" and not _words(cell):
                cell.name = "td"  # a head that says nothing is none
            elif cell.name == "th":
                cell["scope"] = f"{scope}group" if any(cell.get(span, "1") != "1" for span in _SPANS) else scope


def _fit_columns(heads: list[Tag], rows: list[Tag]) -> None:
    table = [_cells(row) for row in rows]
    if not table or any(map(_spans, (*heads, *rows))) or len({len(cells) for cells in table}) != 1:
        return
    for place in range(len(table[0])):
        column = [cells[place] for cells in table]
        if column[0].name != "td":
            continue
        words = [_words(cell) for cell in column if _words(cell) not in ("", "NaN", "...")]
        if words and all(map(_NUMBER.fullmatch, words)):
            for cell in (*column, *(_cells(head)[place] for head in heads if len(_cells(head)) > place)):
                cell["class"] = "number"
        elif any(len(text) >= FEWEST_LONG for text in words):
            for cell in (*column, *(_cells(head)[place] for head in heads if len(_cells(head)) > place)):
                cell["class"] = "long"


def _stack_on_phones(table: Tag) -> None:
    """Mark a table with sentences: on a phone they stand below their row, where there is no room beside it.

    What is no longer laid out as a table is one no longer for a screen reader, unless it is said.
    """
    table["class"] = "sentences"
    table["role"] = "table"
    for part in table.find_all(["thead", "tbody"]):
        part["role"] = "rowgroup"
    for row in table.find_all("tr"):
        row["role"] = "row"
    for cell in table.find_all(["th", "td"]):
        heads = {"col": "columnheader", "row": "rowheader"}
        cell["role"] = heads.get(str(cell.get("scope")), "cell")


def _isolate(cell: Tag) -> None:
    if _words(cell):
        isolated = BeautifulSoup("", "html.parser").new_tag("bdi")
        for child in list(cell.children):
            isolated.append(child.extract())
        cell.append(isolated)


def _shortened(rows: list[Tag]) -> list[Tag]:
    """Replace the rows that are too many by a line that counts them; return the others."""
    kept, more = rows[:MOST_ROWS], rows[MOST_ROWS:]
    if more:
        soup = BeautifulSoup("", "html.parser")
        line, cell = soup.new_tag("tr"), soup.new_tag("td", attrs={"colspan": str(max(map(len, map(_cells, kept))))})
        cell.string = f"… and {len(more):,} more rows"
        line.append(cell)
        kept[-1].insert_after(line)
        for row in more:
            row.decompose()
    return kept
