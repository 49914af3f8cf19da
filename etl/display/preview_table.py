"""Tables for people: few rows, short cells, and a line that says how many rows are not shown."""

from __future__ import annotations

import pandas as pd

from etl.formatting import MAX_TEXT, quantity, truncate

MAX_ROWS = 20
OPTIONS = (
    *("display.max_rows", None),
    *("display.max_columns", None),
    *("display.max_colwidth", None),
    *("display.width", 180),
    *("display.float_format", "{:,.2f}".format),
    # a dollar in an id does not begin a formula
    *("display.html.use_mathjax", False),
)


class PreviewTable:
    """The first rows of a frame, as a notebook shows them, in HTML (escaped by pandas) and as text.

    Parameters
    ----------
    frame
        Any frame. Unchanged.
    max_rows
        Rows to show; a line below them says how many more there are.
    max_text
        Characters of a cell to show.

    Examples
    --------
    >>> PreviewTable(pd.DataFrame({"device_id": ["a", "b"]}), max_rows=1)
      device_id
    0         a
    1 more row is not shown.
    """

    def __init__(self, frame: pd.DataFrame, max_rows: int = MAX_ROWS, max_text: int = MAX_TEXT) -> None:
        def short(value: object) -> object:
            return truncate(value, max_text) if isinstance(value, str) else value

        rows = frame.head(max_rows).rename(index=short, columns=short)
        texts = [name for name in rows.columns if rows[name].dtype.kind not in "biufcmM"]
        self._rows = rows.assign(**{name: rows[name].map(short) for name in texts})
        n_more = len(frame) - len(rows)
        self._note = f"{quantity(n_more, 'more row is', 'more rows are')} not shown." if n_more else ""
        if frame.empty:
            self._note = "No rows."

    def _repr_html_(self) -> str:
        return self.to_html()

    def to_html(self) -> str:
        """Return the table as HTML."""
        with pd.option_context(*OPTIONS):
            return str(self._rows.to_html(notebook=True)) + (f"<p>{self._note}</p>" if self._note else "")

    def __repr__(self) -> str:
        columns = f"Columns {', '.join(map(str, self._rows.columns))}"
        with pd.option_context(*OPTIONS):
            text = self._rows.to_string() if len(self._rows) else columns
        return f"{text}\n{self._note}" if self._note else text
