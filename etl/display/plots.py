"""The plots: the title states the finding, the axes carry units, colour-blind readers can tell the colours apart.

Each takes a frame of `etl.analysis`, does not change it, and names `time_zone` on its time axis.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from etl.display.figure import BLUE, GREY, ORANGE, PALETTE, SHADES, SKY, VERMILLION, NotebookFigure, label
from etl.formatting import duration, quantity

MAX_TICKS = 8
# a few bars are drawn as wide as if there were this many
MIN_BAR_PLACES = 4
MAX_DEVICES, MAX_BARS = 12, 200
MAX_HOURS, MIN_HOURS_OF_DAY = 8 * 24, 20


def plot_events(counts: pd.DataFrame, *, time_zone: str) -> NotebookFigure:
    """Draw events per hour or day (`etl.analysis.volume.events_by_type`) as bars, stacked by device type."""
    unit = counts.index.name or "hour"

    def draw(figure: Figure, axes: Axes) -> str:
        below, x = pd.Series(0, index=counts.index), range(len(counts))
        for position, (device_type, n_events) in enumerate(counts.items()):
            # there are at most eight types: seven colours of the palette, and grey for "(other)"
            style: dict[str, Any] = {
                "color": PALETTE[position] if position < len(PALETTE) else GREY,
                "label": label(device_type),
            }
            if len(counts) <= MAX_BARS:
                axes.bar(x, n_events, bottom=below, **style)
            else:  # looks the same, and does not take a second for each hundred bars
                axes.fill_between(x, below, below + n_events, step="mid", lw=0, **style)
            below = below + n_events
        every = -(-len(counts) // MAX_TICKS) or 1
        axes.set_xticks(x[::every], counts.index[::every], rotation=30, ha="right")
        axes.set_xlim(-0.6, max(len(counts), MIN_BAR_PLACES) - 0.4)
        axes.set_xlabel(f"{unit} ({time_zone})")
        _count_axis(axes, f"events per {unit}")
        if len(counts.columns):
            figure.legend(loc="outside right upper", title="device type")
        return _events_finding(below, unit)

    return NotebookFigure(draw)


def plot_volume(compared_hours: pd.DataFrame, gaps: pd.DataFrame, *, time_zone: str) -> NotebookFigure:
    """Draw the events of each hour against the usual number (`etl.analysis.volume.compare_with_usual`), gaps marked."""
    unit, shown = _hours_or_days(compared_hours, {"n_events": _sum_of_day, "usual_events": _sum_of_day})

    def draw(figure: Figure, axes: Axes) -> str:
        if compared_hours.empty:
            return _no_data(axes, "No whole hour to compare")
        axes.step(shown.index, shown["n_events"], where="post", color=BLUE, label="events")
        axes.step(shown.index, shown["usual_events"], where="post", color=ORANGE, ls="--", label="usually")
        for n, gap in enumerate(gaps.itertuples()):
            end = gap.last_hour + pd.Timedelta(hours=1)
            axes.axvspan(gap.first_hour, end, color=VERMILLION, alpha=0.35, lw=0, label=None if n else "gap")
        _time_axis(axes, time_zone)
        axes.set_ylabel(f"events per {unit}")
        axes.set_ylim(bottom=0)
        figure.legend(loc="outside lower center", ncols=3)
        n_hours = quantity(len(compared_hours), "hour")
        if not compared_hours["usual_events"].notna().any():
            return f"{n_hours}, and no earlier days to compare them with"
        missing = quantity(int(gaps["n_hours"].sum()), "hour")
        return f"{n_hours} against the usual: " + (
            f"{quantity(len(gaps), 'gap')}, together {missing}" if len(gaps) else "no gap"
        )

    return NotebookFigure(draw)


def plot_run_time(by_device: pd.DataFrame) -> NotebookFigure:
    """Draw the longest run times of devices (`etl.analysis.usage.run_time_by_device`) as bars."""
    shown = by_device.head(MAX_DEVICES).iloc[::-1]

    def draw(_figure: Figure, axes: Axes) -> str:
        names = [f"{label(row.device_id, 20)} · {label(row.type, 12)}" for row in shown.itertuples()]
        bars = axes.barh(range(len(shown)), shown["run_time_hours"], color=SKY)
        axes.bar_label(bars, [duration(hours) for hours in shown["run_time_hours"]], padding=2)
        axes.set_yticks(range(len(shown)), names)
        axes.set_ylim(-0.6, max(len(shown), MIN_BAR_PLACES) - 0.4)
        axes.set_xlabel("run time (hours)")
        axes.margins(x=0.2)
        if by_device.empty or not by_device["run_time_hours"].sum():
            return "No device was switched on and off again"
        first = by_device.iloc[0]
        total = f"{quantity(len(by_device), 'device')} together {duration(by_device['run_time_hours'].sum())}"
        return f"{label(first['device_id'])} ran longest, {duration(first['run_time_hours'])}; {total}"

    return NotebookFigure(draw, height_inches=1.2 + 0.22 * max(len(shown), MIN_BAR_PLACES))


def plot_devices_on(on: pd.DataFrame, *, time_zone: str) -> NotebookFigure:
    """Draw how many devices are on at once (`etl.analysis.usage.devices_on`): the average and the most of each hour."""
    unit, shown = _hours_or_days(on, {"max_on": "max", "mean_on": "mean"})

    def draw(figure: Figure, axes: Axes) -> str:
        if on.empty:
            return _no_data(axes, "No device was on")
        axes.fill_between(shown.index, shown["mean_on"], step="post", color=SKY, lw=0, label=f"average of the {unit}")
        axes.step(shown.index, shown["max_on"], where="post", color=BLUE, linewidth=1, label="most at once")
        _time_axis(axes, time_zone)
        axes.set_ylim(bottom=0)
        _count_axis(axes, "devices on")
        figure.legend(loc="outside lower center", ncols=2)
        hour = f"in the hour from {on['max_on'].idxmax():%Y-%m-%d %H:00}"
        return f"At most {quantity(int(on['max_on'].max()), 'device')} on at once, {hour}"

    return NotebookFigure(draw)


def plot_week(week: pd.DataFrame, *, time_zone: str) -> NotebookFigure:
    """Draw how many devices are on (`etl.analysis.usage.by_weekday_and_hour`) as a heat map; grey is unknown."""

    def draw(figure: Figure, axes: Axes) -> str:
        values = np.ma.masked_invalid(week.to_numpy(dtype="float64"))
        axes.set_facecolor("#DDDDDD")
        image = axes.imshow(values, aspect="auto", cmap=SHADES, vmin=0, vmax=max(float(values.max() or 0), 1e-9))
        figure.colorbar(image, ax=axes, label="devices on (average)", pad=0.02)
        axes.set_xticks(range(0, 24, 3), [f"{hour:02}" for hour in range(0, 24, 3)])
        axes.set_yticks(range(len(week)), week.index)
        axes.spines[:].set_visible(False)
        axes.set_xlabel(f"hour of the day ({time_zone})")
        if not values.count():
            return "No device was on in any hour of the week"
        day, hour = np.unravel_index(int(np.argmax(values)), values.shape)
        return f"Most is on {week.index[day]} from {hour:02}:00: {values.max():,.2f} devices on average"

    return NotebookFigure(draw, height_inches=2.6)


def _no_data(axes: Axes, finding: str) -> str:
    """Draw no axes, which would run from zero to zero."""
    axes.set_axis_off()
    return finding


def _hours_or_days(hours: pd.DataFrame, aggregations: Mapping[str, Any]) -> tuple[str, pd.DataFrame]:
    """Return the unit, and hours, or days if a phone cannot show so many hours, with a row that ends the last step."""
    unit, shown = ("hour", hours) if len(hours) <= MAX_HOURS else ("day", hours.resample("D").agg(aggregations))
    end = shown.index[-1:] + pd.Timedelta(1, unit)
    return unit, pd.concat([shown, shown.tail(1).set_axis(end)])


def _sum_of_day(hours: pd.Series) -> float:
    """Return the sum of a day's hours; null if too few of them are known."""
    return float(hours.sum(min_count=MIN_HOURS_OF_DAY))


def _count_axis(axes: Axes, title: str) -> None:
    axes.set_ylabel(title)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))


def _time_axis(axes: Axes, time_zone: str) -> None:
    locator = mdates.AutoDateLocator(minticks=3, maxticks=MAX_TICKS)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator))
    axes.set_xlabel(f"time ({time_zone})")


def _events_finding(totals: pd.Series, unit: str) -> str:
    if totals.empty:
        return "No events"
    first, busiest, n_events = totals.index[0], totals.idxmax(), quantity(totals.sum(), "event")
    if len(totals) == 1:
        return f"{n_events}, all " + (f"in the hour from {first[-5:]}" if unit == "hour" else f"on {first}")
    when = f"an hour (from {busiest[-5:]} on {busiest[:10]})" if unit == "hour" else f"a day (on {busiest})"
    return f"{n_events}, at most {totals.max():,} {when}"
