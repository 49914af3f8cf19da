"""Figures have the same bytes each time, and their finding as text; no text of the data breaks them."""

import struct
import time
import warnings

import pandas as pd
import pytest

from etl.analysis.events import events_of
from etl.analysis.sessions import operation_sessions
from etl.analysis.usage import by_weekday_and_hour, devices_on, run_time_by_device
from etl.analysis.volume import compare_with_usual, events_by_hour, events_by_type, gaps, grain
from etl.display.figure import NotebookFigure
from etl.display.plots import plot_devices_on, plot_events, plot_run_time, plot_volume, plot_week

ZONE = {"time_zone": "Asia/Tokyo"}
HOSTILE = [
    "$x^$",
    "$\\frac{$",
    "a\nb\tc\0",
    "x" * 256,
    "<b>&",
    "_hidden",
    "",
    "🚀",
    "עברית",
    "ไทย",
    "\u202eabc",
    "エアコン",
]


def figures_of(history):
    """Return all figures of a history, by what they show."""
    events = events_of(history)
    sessions, n_events = operation_sessions(events), events_by_hour(events, **ZONE)
    on = devices_on(sessions, until=int(events["timestamp"].max()) if len(events) else 0, **ZONE)
    compared_hours = compare_with_usual(n_events, **ZONE)
    return {
        "events": plot_events(events_by_type(events, **ZONE, by=grain(n_events)), **ZONE),
        "volume": plot_volume(compared_hours, gaps(compared_hours, min_missing_events=2), **ZONE),
        "run time": plot_run_time(run_time_by_device(events, sessions)),
        "on": plot_devices_on(on, **ZONE),
        "week": plot_week(by_weekday_and_hour(on), **ZONE),
    }


def history(device_ids, types, *, n_days=1):
    """Return a history in which each device is on for half an hour at noon of each day but the sixth."""
    rows = [
        (device_id, str(1616511600 + day * 86_400 + second), power, "u", device_type)
        for day in range(n_days)
        for device_id, device_type in zip(device_ids, types, strict=True)
        for second, power in ((43_000 + 7 * day, "on"), (44_800, "off"))
        if day != 5
    ]
    return pd.DataFrame(rows, columns=["device_id", "timestamp", "power", "user_id", "type"], dtype="str")


def test_the_title_is_the_finding():
    """Each figure states its most important number in its alternative text, which is its title."""
    figures = figures_of(history(["a", "b"], ["TV", "エアコン"], n_days=12))
    assert {name: figure.alt for name, figure in figures.items()} == {
        "events": "44 events, at most 4 a day (on 2021-03-24)",
        "volume": "264 hours against the usual: 1 gap, together 2 hours",
        "run time": "a ran longest, 5.4 hours; 2 devices together 10.8 hours",
        "on": "At most 2 devices on at once, in the hour from 2021-03-24 11:00",
        "week": "Most is on Tue from 12:00: 0.89 devices on average",
    }


@pytest.mark.parametrize("longest", [None, 5_000_000])
def test_any_text_can_be_drawn_without_a_warning(longest):
    """No formula, no line end, no missing script and no length breaks a figure or writes outside it."""
    texts = [text * (longest // 256) if longest and len(text) == 256 else text for text in HOSTILE]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figures = figures_of(history(HOSTILE, texts))
    for figure in figures.values():
        assert len(figure.alt) < 120
        assert "\n" not in figure.alt
        width, _height = struct.unpack(">II", figure.png[16:24])
        assert width == 900


def test_years_are_drawn_as_fast_as_a_day():
    """A device whose clock is wrong sends events of two decades ago; a bar for each day would take half a minute."""
    days = pd.date_range("2000-01-01", periods=4_000).strftime("%Y-%m-%d").rename("day")
    counts = pd.DataFrame(1, index=days, columns=[f"type {n}" for n in range(8)])
    started = time.process_time()
    assert plot_events(counts, **ZONE).alt == "32,000 events, at most 8 a day (on 2000-01-01)"
    assert time.process_time() - started < 5


def test_an_empty_day_has_its_figures():
    """Each of them states that there is nothing to see."""
    assert [figure.alt for figure in figures_of(history([], [])).values()] == [
        "No events",
        "No whole hour to compare",
        "No device was switched on and off again",
        "No device was on",
        "No device was on in any hour of the week",
    ]


def test_the_same_data_give_the_same_bytes():
    """A figure holds neither a time nor a version."""
    first, second = (figures_of(history(["a"], ["TV"]))["events"] for _ in range(2))
    assert first.png == second.png
    assert b"Software" not in first.png


def test_a_notebook_gets_the_figure_once_with_its_finding():
    """A notebook gets the PNG and the finding, which is also the alternative text in the metadata."""
    figure = figures_of(history(["a"], ["TV"]))["on"]
    data, metadata = figure._repr_mimebundle_(include=None, exclude=None)
    assert data == {"image/png": figure.png, "text/plain": figure.alt}
    assert metadata == {"image/png": {"alt": figure.alt}}
    assert "_repr_png_" not in dir(NotebookFigure)
