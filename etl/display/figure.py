"""One house style for all plots, and a figure that carries its finding as text."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import matplotlib_fontja
from cycler import cycler
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from etl.formatting import truncate

# Okabe and Ito's palette, which colour-blind readers can tell apart. Source: https://jfly.uni-koeln.de/color/
BLUE, ORANGE, GREEN, PINK, SKY, VERMILLION, YELLOW = PALETTE = (
    *("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442"),
)
GREY = "#767676"
# from light to dark in one hue: legible in grey, too
SHADES = "Blues"
# matplotlib's own font for Latin text, IPAexGothic for the glyphs that it lacks (エアコン would show as boxes)
FONTS = ["DejaVu Sans", font_manager.FontProperties(fname=matplotlib_fontja.get_font_ttf_path()).get_name()]
WIDTH_INCHES = 6  # at 9 points still legible when a phone shows it at half the size
MAX_LABEL = 24
STYLE = {
    "font.family": FONTS,
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": cycler(color=PALETTE),
    "figure.dpi": 150,
    "legend.frameon": False,
    # a dollar in a label does not begin a formula
    "text.parse_math": False,
}


class NotebookFigure:
    """A plot as PNG with its finding as title and alternative text, as a notebook and a screen reader show it.

    Parameters
    ----------
    draw
        Draws on a figure and its axes, and returns the finding.
    height_inches
        Height of the figure; it is six inches wide.

    Attributes
    ----------
    png
        The same plot always gives the same bytes.
    alt
        The finding.
    """

    def __init__(self, draw: Callable[[Figure, Axes], str], *, height_inches: float = 3) -> None:
        with mpl.rc_context(STYLE), warnings.catch_warnings():
            # an id may be of any script; what the fonts lack is drawn as a box
            warnings.filterwarnings("ignore", message="Glyph .* missing from")
            # pyplot does not know this figure, so a notebook does not show it a second time
            figure = Figure(figsize=(WIDTH_INCHES, height_inches), layout="constrained")
            self.alt = draw(figure, figure.subplots())
            figure.suptitle(self.alt, x=0.01, ha="left", wrap=True, fontsize=10)
            buffer = io.BytesIO()
            figure.savefig(buffer, format="png", metadata={"Software": None})
        self.png = buffer.getvalue()

    def _repr_mimebundle_(self, **_options: object) -> tuple[dict[str, Any], dict[str, Any]]:
        return {"image/png": self.png, "text/plain": self.alt}, {"image/png": {"alt": self.alt}}


def label(text: object, max_length: int = MAX_LABEL) -> str:
    r"""Return foreign text as a label: on one line, truncated, never a formula, never hidden from a legend.

    Examples
    --------
    >>> label("a\nb"), label("x" * 5_000_000), label("_x"), label("")
    ('a\\nb', 'xxxxxxxxxxxxxxxxxxxxxxx…', '\u200b_x', '(blank)')
    """
    shown = truncate(text, max_length)
    # matplotlib leaves labels that begin with an underscore out of a legend
    return "\u200b" + shown if shown.startswith("_") else shown or "(blank)"
