"""The plots, in one house style: the title says the finding, axes carry units, Japanese text shows as text."""

from __future__ import annotations

import matplotlib.pyplot as plt
import matplotlib_fontja
import pandas as pd
from matplotlib import font_manager
from matplotlib.figure import Figure

# Okabe and Ito's palette, told apart by colour-blind readers. Source: https://jfly.uni-koeln.de/color/
PALETTE = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000"]
# matplotlib's own face for Latin text, IPAexGothic for the glyphs that it lacks (エアコン would show as boxes)
FONTS = ["DejaVu Sans", font_manager.FontProperties(fname=matplotlib_fontja.get_font_ttf_path()).get_name()]

MOST_HOUR_LABELS = 8
FEWEST_HOURS_WIDE = 4


def plot_events_by_hour(events_by_hour: pd.DataFrame, *, time_zone: str) -> Figure:
    """Draw events per hour as bars, stacked by device type.

    Parameters
    ----------
    events_by_hour
        One row per hour, one column per type, as `etl.checks.events_by_type_and_hour` returns it. Unchanged.
    time_zone
        Named on the axis.

    Returns
    -------
    Figure
        Six by three inches; readable at the width of a phone.
    """
    figure: Figure
    with plt.rc_context({"font.family": FONTS, "axes.spines.top": False, "axes.spines.right": False}):
        figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
        below = pd.Series(0, index=events_by_hour.index)
        for place, (kind, n_events) in enumerate(events_by_hour.items()):
            axes.bar(events_by_hour.index, n_events, bottom=below, color=PALETTE[place % len(PALETTE)], label=kind)
            below = below + n_events
        figure.suptitle(_finding(below), x=0.02, ha="left")
        axes.set_xlabel(f"hour ({time_zone})")
        axes.set_ylabel("events")
        axes.yaxis.get_major_locator().set_params(integer=True)
        hours = events_by_hour.index
        every = -(-len(hours) // MOST_HOUR_LABELS) or 1
        axes.set_xticks(range(0, len(hours), every), hours[::every], rotation=30, ha="right")
        # a single hour is a bar among others, not a wall
        axes.set_xlim(-0.6, max(len(hours), FEWEST_HOURS_WIDE) - 0.4)
        if len(events_by_hour.columns):
            figure.legend(loc="outside right upper", frameon=False, title="device type")
    return figure


def _finding(per_hour: pd.Series) -> str:
    if per_hour.empty:
        return "No events"
    if len(per_hour) == 1:
        return f"{per_hour.sum()} events, all in the hour from {per_hour.index[0][-5:]}"
    return f"{per_hour.sum()} events, at most {per_hour.max()} an hour (from {per_hour.idxmax()[-5:]})"
