"""CPU of sessions, run time and concurrent use, compared with loops in plain Python and with groupby.apply.

``python benchmarks/device_usage.py --events 3000000 --devices 100 [--rounds 3]``; all must return the same figures.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from measure import in_turn, print_table, report

ZONE = "Asia/Tokyo"
FIRST_SECOND = 1_617_202_800  # midnight of 1 April 2021 in Tokyo
MONTH_SECONDS = 30 * 86_400
Figures = tuple[int, int, int, int, int]


def make_history(n_events: int, n_devices: int) -> Any:
    """Return a history of a month: one row per event, every column text."""
    import numpy as np
    import pandas as pd

    random = np.random.default_rng(0)
    device = random.integers(0, n_devices, n_events)
    return pd.DataFrame(
        {
            "device_id": np.array([f"device_{n:05}" for n in range(n_devices)], object)[device],
            "timestamp": np.sort(FIRST_SECOND + random.integers(0, MONTH_SECONDS, n_events)).astype("str"),
            "power": np.array(["off", "on"], object)[random.integers(0, 2, n_events)],
            "user_id": np.array([f"user_{n % 7}" for n in range(n_devices)], object)[device],
            "type": np.array([f"type {n % 5}" for n in range(n_devices)], object)[device],
        },
        dtype="str",
    )


def etl_functions(history: Any) -> Figures:
    """Return sessions, run time and the most devices at once, by the functions of this project."""
    from etl.analysis.events import events_of
    from etl.analysis.sessions import operation_sessions
    from etl.analysis.usage import devices_on

    events = events_of(history)
    sessions = operation_sessions(events)
    on = devices_on(sessions, until=int(events["timestamp"].max()), time_zone=ZONE)
    counts = (len(sessions.closed), int(sessions.closed["seconds"].sum()), len(sessions.open))
    return (*counts, sessions.n_repeated_on, int(on["max_on"].max()))


def all_of_the_checks(history: Any) -> Figures:
    """Return the same figures, after everything else that 03_checks works out from events."""
    from etl.analysis.device_health import device_health
    from etl.analysis.events import device_owners, events_of
    from etl.analysis.sessions import operation_sessions, seconds_by_day
    from etl.analysis.usage import run_time_by_device, run_time_by_owner
    from etl.analysis.volume import compare_with_usual, events_by_hour, events_by_type

    events = events_of(history)
    compare_with_usual(events_by_hour(events, time_zone=ZONE), time_zone=ZONE)
    events_by_type(events, time_zone=ZONE, by="day")
    device_health(events, until=int(events["timestamp"].max()))
    sessions = operation_sessions(events)
    seconds_by_day(sessions, time_zone=ZONE)
    run_time_by_owner(run_time_by_device(events, sessions), device_owners(history))
    return etl_functions(history)


def loops(history: Any) -> Figures:
    """Return the same figures, by a loop over the events."""
    by_device: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for device_id, timestamp, power in zip(history["device_id"], history["timestamp"], history["power"], strict=True):
        by_device[device_id].append((int(timestamp), power))
    n_closed = seconds = n_open = n_repeated = 0
    changes = []
    for events in by_device.values():
        events.sort(key=lambda event: event[0])
        on_since = None
        for second, power in events:
            if power == "on":
                n_repeated += on_since is not None
                on_since = second if on_since is None else on_since
            elif on_since is not None:
                n_closed, seconds = n_closed + 1, seconds + second - on_since
                changes += [(on_since, 1), (second, -1)] * (second > on_since)
                on_since = None
        if on_since is not None:
            n_open += 1
            changes.append((on_since, 1))
    return n_closed, seconds, n_open, n_repeated, _most_at_once(changes, int(history["timestamp"].iloc[-1]))


def groupby_apply(history: Any) -> Figures:
    """Return the same figures, by a function of each device, as a notebook would write it first."""
    import pandas as pd

    def of_device(events: Any) -> Any:
        events = events.sort_values("second", kind="stable")
        is_on = events["power"] == "on"
        was_on = is_on.shift(fill_value=False)
        starts, ends = events["second"][is_on & ~was_on], events["second"][~is_on & was_on]
        closed = pd.DataFrame({"on": starts.to_numpy()[: len(ends)], "off": ends.to_numpy()})
        n_repeated = int((is_on & was_on).sum())
        return pd.Series({"closed": closed, "open": list(starts[len(ends) :]), "repeated": n_repeated})

    history = history.assign(second=history["timestamp"].astype("int64"))
    devices = history.groupby("device_id")[["second", "power"]].apply(of_device)
    closed = pd.concat(list(devices["closed"]))
    still_on = [second for seconds in devices["open"] for second in seconds]
    lasting = closed[closed["off"] > closed["on"]]
    changes = [(second, 1) for second in [*lasting["on"], *still_on]] + [(second, -1) for second in lasting["off"]]
    most = _most_at_once(changes, int(history["second"].max()))
    seconds = int((closed["off"] - closed["on"]).sum())
    return len(closed), seconds, len(still_on), int(devices["repeated"].sum()), most


def _most_at_once(changes: list[tuple[int, int]], until: int) -> int:
    """Return the most devices that are on at once before the last second."""
    on = most = 0
    for second, change in sorted(changes):  # an end comes before a beginning of the same second
        on += change
        most = max(most, on) if second < until else most
    return most


CONTENDERS: dict[str, Callable[[Any], Figures]] = {
    "etl": etl_functions,
    "etl, all of 03_checks": all_of_the_checks,
    "loops in plain Python": loops,
    "groupby.apply": groupby_apply,
}


def main() -> int:
    """Run the contenders in turn on the same history and print a table; or run a single contender."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--devices", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", choices=CONTENDERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        history = make_history(options.events, options.devices)
        report(lambda: str(CONTENDERS[options.one](history)))
        return 0
    sizes = ["--events", str(options.events), "--devices", str(options.devices)]
    measured = in_turn(Path(__file__), list(CONTENDERS), sizes, rounds=options.rounds)
    if len({one.said for one in measured.values()}) > 1:
        raise SystemExit(f"the contenders return different figures: {measured}")
    title = f"{options.events:,} events of {options.devices:,} devices; medians of {options.rounds}"
    print_table(title, measured, against="etl")
    return 0


if __name__ == "__main__":
    sys.exit(main())
