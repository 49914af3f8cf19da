"""Tables for people: few rows, short cells, and a line that says how much is not shown."""

from __future__ import annotations

import pandas as pd

from etl.formatting import LONGEST_TEXT, counted, cut

MOST_ROWS = 20
OPTIONS = (
    *("display.max_rows", None),
    *("display.max_columns", None),
    *("display.max_colwidth", None),
    *("display.width", 180),
    *("display.float_format", "{:,.2f}".format),
    # a dollar in an id is a dollar, not the beginning of a formula
    *("display.html.use_mathjax", False),
)


class Table:
    """The beginning of a frame, as a notebook shows it, in HTML (escaped by pandas) and as text.

    Parameters
    ----------
    frame
        Any frame; unchanged, and only read where it is shown.
    most_rows
        Rows to show; beyond them a line says how many there are.
    longest_text
        Characters of a cell to show.

    Examples
    --------
    >>> Table(pd.DataFrame({"device_id": ["a", "b"]}), most_rows=1)
      device_id
    0         a
    1 more row is not shown.
    """

    def __init__(self, frame: pd.DataFrame, most_rows: int = MOST_ROWS, longest_text: int = LONGEST_TEXT) -> None:
        def short(value: object) -> object:
            return cut(value, longest_text) if isinstance(value, str) else value

        shown = frame.head(most_rows).rename(index=short, columns=short)
        texts = [name for name in shown.columns if shown[name].dtype.kind not in "biufcmM"]
        self._shown = shown.assign(**{name: shown[name].map(short) for name in texts})
        n_more = len(frame) - len(shown)
        self._more = f"{counted(n_more, 'more row')} {'is' if n_more == 1 else 'are'} not shown." if n_more else ""
        if frame.empty:
            self._more = "No rows."

    def _repr_html_(self) -> str:
        return self.to_html()

    def to_html(self) -> str:
        """Return what a notebook shows, in HTML."""
        with pd.option_context(*OPTIONS):
            return str(self._shown.to_html(notebook=True)) + (f"<p>{self._more}</p>" if self._more else "")

    def __repr__(self) -> str:
        with pd.option_context(*OPTIONS):
            text = (
                self._shown.to_string() if len(self._shown) else f"Columns {', '.join(map(str, self._shown.columns))}"
            )
        return "\n".join(filter(None, [text, self._more]))
