"""Make tables of data frames readable without Python: header scopes, no index of row numbers, a limit of rows."""

from __future__ import annotations

import re

from bs4 import Tag

MAX_ROWS = 100
MIN_LONG_TEXT = 40  # characters of a cell, from which on its column has sentences and gets more room
_NUMBER = re.compile(r"[-+\N{MINUS SIGN}]?[\d,]*\.?\d+(?: ?%)?")
_SPANS = ("colspan", "rowspan")


def tidy_table(table: Tag) -> None:
    """Change a sanitized table in place.

    The two header rows that pandas makes for a named index become one. An unnamed index of row numbers is removed.
    Header cells get a scope. Each cell is isolated, so that right-to-left text in it does not reorder its neighbours.
    Rows beyond `MAX_ROWS` become one line with their number.
    """
    heads, rows = _rows(table, "thead"), _limited(_rows(table, "tbody"))
    if len(heads) == 2:  # noqa: PLR2004 - the row of the columns and that of the index names
        _join_heads(*heads)
        heads = _rows(table, "thead")
    if len(heads) == 1 and _has_row_numbers(heads[0], rows):
        for row in (heads[0], *rows):
            _cells(row)[0].decompose()
    _set_scopes(heads, rows)
    _set_column_classes(heads, rows)
    for cell in table.find_all(["th", "td", "caption"]):
        if _text(cell):
            isolated = Tag(name="bdi")
            isolated.extend(list(cell.children))
            cell.append(isolated)
    if table.find(class_="long"):
        _set_roles(table)


def _rows(table: Tag, part: str) -> list[Tag]:
    return [row for section in table.find_all(part) for row in section.find_all("tr", recursive=False)]


def _cells(row: Tag) -> list[Tag]:
    return list(row.find_all(["th", "td"], recursive=False))


def _text(cell: Tag) -> str:
    return str(cell.get_text()).strip()


def _has_span(*cells: Tag) -> bool:
    return any(cell.get(span, "1") != "1" for cell in cells for span in _SPANS)


def _join_heads(columns: Tag, index: Tag) -> None:
    """Move the names of the index into the row of the column names, if each has a free cell there."""
    upper, lower = _cells(columns), _cells(index)
    names = [_text(cell) for cell in lower]
    n_index = max((place + 1 for place, name in enumerate(names) if name), default=0)
    if len(upper) != len(lower) or n_index == len(lower) or _has_span(*upper, *lower):
        return
    for cell, name in zip(upper[:n_index], names[:n_index], strict=True):
        # the columns may have a name themselves, which pandas puts above that of the index
        cell.string = " / ".join(part for part in (name, _text(cell)) if part)
    index.decompose()


def _has_row_numbers(head: Tag, rows: list[Tag]) -> bool:
    table = [_cells(row) for row in (head, *rows)]
    return (
        len(table[0]) > 1
        and not _text(table[0][0])
        and not any(_has_span(*cells) for cells in table)
        and all(cells and cells[0].name == "th" for cells in table[1:])
        and [_text(cells[0]) for cells in table[1:]] == [str(number) for number in range(len(rows))]
    )


def _set_scopes(heads: list[Tag], rows: list[Tag]) -> None:
    for scope, part in (("col", heads), ("row", rows)):
        for cell in (cell for row in part for cell in _cells(row) if cell.name == "th"):
            if _text(cell):
                cell["scope"] = f"{scope}group" if _has_span(cell) else scope
            else:
                cell.name = "td"  # an empty header is none for a screen reader


def _set_column_classes(heads: list[Tag], rows: list[Tag]) -> None:
    """Mark the columns of numbers and those of sentences."""
    head_cells, table = [_cells(row) for row in heads], [_cells(row) for row in rows]
    if len({len(cells) for cells in table}) != 1 or any(_has_span(*cells) for cells in (*head_cells, *table)):
        return
    for place, first in enumerate(table[0]):
        texts = [text for cells in table if (text := _text(cells[place])) not in ("", "NaN", "...")]
        is_number = bool(texts) and all(map(_NUMBER.fullmatch, texts))
        is_long = any(len(text) >= MIN_LONG_TEXT for text in texts)
        if first.name == "td" and (is_number or is_long):
            for cells in (*table, *head_cells):
                if place < len(cells):
                    cells[place]["class"] = "number" if is_number else "long"


def _set_roles(table: Tag) -> None:
    """Mark a table with sentences, which the style stacks below each other on a phone.

    A screen reader no longer treats what is not laid out as a table as one, unless it has roles.
    """
    table["class"] = "sentences"
    table["role"] = "table"
    for part in table.find_all(["thead", "tbody"]):
        part["role"] = "rowgroup"
    for row in table.find_all("tr"):
        row["role"] = "row"
    for cell in table.find_all(["th", "td"]):
        cell["role"] = {"col": "columnheader", "row": "rowheader"}.get(str(cell.get("scope")), "cell")


def _limited(rows: list[Tag]) -> list[Tag]:
    """Replace the rows beyond the limit by a line with their number; return the others."""
    kept, more = rows[:MAX_ROWS], rows[MAX_ROWS:]
    if more:
        line = Tag(name="tr")
        cell = Tag(name="td", attrs={"colspan": str(max(len(_cells(row)) for row in kept))})
        cell.string = f"… and {len(more):,} more rows"
        line.append(cell)
        kept[-1].insert_after(line)
        for row in more:
            row.decompose()
    return kept
