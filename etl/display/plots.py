"""The plots: the title says the finding, axes carry units, colours are told apart by colour-blind readers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from etl.display.figure import BLUE, GREY, ORANGE, PALETTE, SHADES, SKY, VERMILLION, Picture, label
from etl.formatting import counted, duration

MOST_TICKS = 8
FEWEST_BARS_WIDE = 4
MOST_BARS, MOST_BARS_DRAWN = 12, 200
MOST_HOURS, FEWEST_HOURS_OF_DAY = 8 * 24, 20


def plot_events(counts: pd.DataFrame, *, time_zone: str) -> Picture:
    """Draw events per hour or day as bars, stacked by device type.

    Parameters
    ----------
    counts
        One row per hour or day, one column per type, as `etl.analysis.volume.events_by_type` returns it. Unchanged.
    time_zone
        Named on the axis.
    """
    unit = counts.index.name or "hour"

    def draw(figure: Figure, axes: Axes) -> str:
        below = pd.Series(0, index=counts.index)
        for place, (kind, n_events) in enumerate(counts.items()):
            # there are eight colours with the grey, which is what the types without one share
            colour = PALETTE[place] if place < len(PALETTE) else GREY
            if len(counts) <= MOST_BARS_DRAWN:
                axes.bar(range(len(counts)), n_events, bottom=below, color=colour, label=label(kind))
            else:  # the same to the eye, and not a second for each hundred
                axes.fill_between(
                    range(len(counts)), below, below + n_events, step="mid", lw=0, color=colour, label=label(kind)
                )
            below = below + n_events
        every = -(-len(counts) // MOST_TICKS) or 1
        axes.set_xticks(range(0, len(counts), every), counts.index[::every], rotation=30, ha="right")
        # a single bar is a bar among others, not a wall
        axes.set_xlim(-0.6, max(len(counts), FEWEST_BARS_WIDE) - 0.4)
        axes.set_xlabel(f"{unit} ({time_zone})")
        axes.set_ylabel(f"events per {unit}")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
        if len(counts.columns):
            figure.legend(loc="outside right upper", title="device type")
        return _events_finding(below, unit)

    return Picture(draw)


def plot_volume(compared: pd.DataFrame, gaps: pd.DataFrame, *, time_zone: str) -> Picture:
    """Draw the events of each hour against the usual number, gaps marked.

    Parameters
    ----------
    compared
        One row per hour, from `etl.analysis.volume.against_usual`. Unchanged.
    gaps
        One row per gap, from `etl.analysis.volume.gaps`. Unchanged.
    time_zone
        Named on the axis.
    """
    unit, shown = _legible(compared, {"n_events": _sum_of_most, "usual_events": _sum_of_most})

    def draw(figure: Figure, axes: Axes) -> str:
        if compared.empty:
            return _nothing(axes, "No whole hour to compare")
        axes.step(shown.index, shown["n_events"], where="post", color=BLUE, label="events")
        axes.step(shown.index, shown["usual_events"], where="post", color=ORANGE, ls="--", label="usually")
        for place, gap in enumerate(gaps.itertuples()):
            name = None if place else "gap"
            axes.axvspan(
                gap.first_hour, gap.last_hour + pd.Timedelta(hours=1), color=VERMILLION, alpha=0.35, lw=0, label=name
            )
        _time_axis(axes, time_zone)
        axes.set_ylabel(f"events per {unit}")
        axes.set_ylim(bottom=0)
        figure.legend(loc="outside lower center", ncols=3)
        if not compared["usual_events"].notna().any():
            return f"{counted(len(compared), 'hour')}, and no earlier days to compare them with"
        n_hours = int(gaps["n_hours"].sum())
        missing = f"{counted(len(gaps), 'gap')}, together {counted(n_hours, 'hour')}" if len(gaps) else "no gap"
        return f"{counted(len(compared), 'hour')} against the usual: {missing}"

    return Picture(draw)


def plot_run_time(by_device: pd.DataFrame) -> Picture:
    """Draw the run time of the devices that run longest as bars.

    Parameters
    ----------
    by_device
        One row per device, the longest run time first, from `etl.analysis.usage.run_time_by_device`. Unchanged.
    """
    shown = by_device.head(MOST_BARS).iloc[::-1]

    def draw(_figure: Figure, axes: Axes) -> str:
        names = [f"{label(row.device_id, 20)} · {label(row.type, 12)}" for row in shown.itertuples()]
        bars = axes.barh(range(len(shown)), shown["run_time_hours"], color=SKY)
        axes.bar_label(bars, [duration(hours) for hours in shown["run_time_hours"]], padding=2)
        axes.set_yticks(range(len(shown)), names)
        axes.set_ylim(-0.6, max(len(shown), FEWEST_BARS_WIDE) - 0.4)
        axes.set_xlabel("run time (hours)")
        axes.margins(x=0.2)
        if by_device.empty or not by_device["run_time_hours"].sum():
            return "No device was switched on and off again"
        first = by_device.iloc[0]
        together = f"{counted(len(by_device), 'device')} together {duration(by_device['run_time_hours'].sum())}"
        return f"{label(first['device_id'])} ran longest, {duration(first['run_time_hours'])}; {together}"

    return Picture(draw, height_inches=1.2 + 0.22 * max(len(shown), FEWEST_BARS_WIDE))


def plot_devices_on(on: pd.DataFrame, *, time_zone: str) -> Picture:
    """Draw how many devices are on at once: the average and the most of each hour.

    Parameters
    ----------
    on
        One row per hour, from `etl.analysis.usage.devices_on`. Unchanged.
    time_zone
        Named on the axis.
    """
    unit, shown = _legible(on, {"most_on": "max", "mean_on": "mean"})

    def draw(figure: Figure, axes: Axes) -> str:
        if on.empty:
            return _nothing(axes, "No device was on")
        axes.fill_between(shown.index, shown["mean_on"], step="post", color=SKY, lw=0, label=f"average of the {unit}")
        axes.step(shown.index, shown["most_on"], where="post", color=BLUE, linewidth=1, label="most at once")
        _time_axis(axes, time_zone)
        axes.set_ylabel("devices on")
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
        figure.legend(loc="outside lower center", ncols=2)
        when = f"in the hour from {on['most_on'].idxmax():%Y-%m-%d %H:00}"
        return f"At most {counted(int(on['most_on'].max()), 'device')} on at once, {when}"

    return Picture(draw)


def plot_week(week: pd.DataFrame, *, time_zone: str) -> Picture:
    """Draw how many devices are on by weekday and hour, as a heat map; grey where nothing is known.

    Parameters
    ----------
    week
        Seven weekdays by 24 hours, from `etl.analysis.usage.by_weekday_and_hour`. Unchanged.
    time_zone
        Named on the axis.
    """

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

    return Picture(draw, height_inches=2.6)


def _nothing(axes: Axes, why: str) -> str:
    """Leave the axes out, which would count from nought to nought."""
    axes.set_axis_off()
    return why


def _legible(hours: pd.DataFrame, how: Mapping[str, Any]) -> tuple[str, pd.DataFrame]:
    """Return the hours, or the days where there are more hours than a phone can show; the last one with its width."""
    unit, shown = ("hour", hours) if len(hours) <= MOST_HOURS else ("day", hours.resample("D").agg(how))
    end = shown.index[-1:] + pd.Timedelta(1, unit)
    return unit, pd.concat([shown, shown.tail(1).set_axis(end)])


def _sum_of_most(hours: pd.Series) -> float:
    """Return the sum over a day; none, if little of the day is known."""
    return float(hours.sum(min_count=FEWEST_HOURS_OF_DAY))


def _time_axis(axes: Axes, time_zone: str) -> None:
    locator = mdates.AutoDateLocator(minticks=3, maxticks=MOST_TICKS)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator))
    axes.set_xlabel(f"time ({time_zone})")


def _events_finding(totals: pd.Series, unit: str) -> str:
    if totals.empty:
        return "No events"
    first = totals.index[0]
    if len(totals) == 1:
        where = f"in the hour from {first[-5:]}" if unit == "hour" else f"on {first}"
        return f"{counted(totals.sum(), 'event')}, all {where}"
    most = totals.idxmax()
    when = f"an hour (from {most[-5:]} on {most[:10]})" if unit == "hour" else f"a day (on {most})"
    return f"{counted(totals.sum(), 'event')}, at most {totals.max():,} {when}"
