"""Make the household month of ``sample/``: a month of events, with faults planted for the checks to find.

The same seed gives the same bytes with every Python: the only random function is ``random()``, whose sequence Python
guarantees, and the only arithmetic is exact everywhere.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import NamedTuple

SEED = 20210401
FIRST_SECOND = int(datetime(2021, 3, 31, 15, tzinfo=UTC).timestamp())  # midnight of 1 April in Tokyo
N_DAYS, DAY, HOUR, MINUTE = 30, 86_400, 3_600, 60
SAMPLE = Path(__file__).parents[1] / "sample"
RAW_NAME, DEVICES_NAME = "household-month.json", "household-devices.json"


class Habit(NamedTuple):
    """When a device is used: between two hours of the day, on what share of days, how often, for how many minutes."""

    from_hour: float
    to_hour: float
    share_of_days: float
    n_times: int
    minutes: float


class Device(NamedTuple):
    """A device with its owners, its type and its habits."""

    device_id: str
    owners: tuple[str, ...]
    type: str
    habits: tuple[Habit, ...]


MIO, KEN = "user_mio", "user_ken"
# a compressor works at any hour, so that an hour without events stands out
COMPRESSOR = tuple(Habit(hour, hour + 0.4, 1, 1, 14) for hour in range(24))
DEVICES = (
    Device("device_fridge", (MIO,), "冷蔵庫", COMPRESSOR),
    Device("device_tv", (MIO, KEN), "TV", (Habit(7, 8, 0.8, 1, 25), Habit(18, 21, 1, 2, 60))),
    Device("device_aircon", (MIO,), "エアコン", (Habit(6, 7, 0.7, 1, 60), Habit(17, 20, 0.9, 2, 75))),
    Device(
        "device_kettle",
        (MIO,),
        "電気ケトル",
        (Habit(6, 8, 1, 2, 4), Habit(10, 16, 0.8, 2, 4), Habit(19, 22, 0.9, 2, 4)),
    ),
    Device("device_washer", (KEN,), "洗濯機", (Habit(8, 11, 0.5, 1, 50),)),
    Device("device_rice", (MIO,), "炊飯器", (Habit(5.5, 6.5, 0.9, 1, 45), Habit(16.5, 18, 0.9, 1, 45))),
    Device(
        "device_kitchen", (MIO,), "照明", (Habit(5.5, 8, 1, 2, 20), Habit(11, 14, 1, 2, 15), Habit(17, 22, 1, 3, 30))
    ),
    Device(
        "device_living", (MIO,), "照明", (Habit(6, 8, 0.9, 1, 60), Habit(9, 16, 1, 3, 30), Habit(17, 20, 1, 1, 180))
    ),
    Device("device_hallway", (KEN,), "人感センサー", tuple(Habit(hour, hour + 1, 0.9, 1, 2) for hour in range(6, 23))),
    Device("device_coffee", (KEN,), "コーヒーメーカー", (Habit(6.5, 8, 1, 1, 8), Habit(13, 15, 0.9, 1, 8))),
    Device(
        "device_desk", (KEN,), "PC", (Habit(9, 10, 0.7, 1, 150), Habit(13, 15, 0.7, 1, 170), Habit(20, 22, 0.6, 1, 70))
    ),
    # has no item in the device table
    Device("device_visitor", (), "", (Habit(19, 22, 0.3, 1, 90),)),
)

# planted faults, in days (from 0) and hours of the clock in Tokyo
GAP = (14 * DAY + 9 * HOUR, 14 * DAY + 17 * HOUR)  # the router was off on 15 April from 09:00 to 17:00
STUCK = ("device_hallway", 19 * DAY + 21 * HOUR, 30, 75 * MINUTE)  # from 20 April, 21:00, it sends "on" 30 times
SILENT = ("device_coffee", 23 * DAY + 12 * HOUR)  # it sends nothing after noon of 24 April
N_DUPLICATES, N_LATE = 6, 9

Event = tuple[int, str, str]


def main() -> int:
    """Write both files of the household month."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=SAMPLE, metavar="DIR", help="folder to write to (default: sample)")
    out = parser.parse_args().out
    if not out.is_dir():
        print(f"{out}: no such folder; expected one that exists. Make it first.", file=sys.stderr)
        return 1
    for name, content in ((RAW_NAME, raw_file()), (DEVICES_NAME, devices_file())):
        (out / name).write_bytes(content)
        print(f"{out / name}: {len(content):,} bytes")
    return 0


def raw_file() -> bytes:
    """Return the month's events as the devices send them: JSON, one record a line, in the order of arrival."""
    records = (
        json.dumps({"device_id": device_id, "timestamp": str(FIRST_SECOND + second), "power": power})
        for second, device_id, power in arrivals(Random(SEED))  # noqa: S311 - made up, not secret
    )
    return ('{"data": [\n' + ",\n".join(records) + "\n]}\n").encode()


def devices_file() -> bytes:
    """Return the device table's items, one for each owner and device."""
    items = (
        json.dumps({"user_id": owner, "device_id": device.device_id, "type": device.type}, ensure_ascii=False)
        for device in DEVICES
        for owner in device.owners
    )
    return ("[\n  " + ",\n  ".join(items) + "\n]\n").encode()


def arrivals(random: Random) -> list[Event]:
    """Return the events, in seconds since the month began, in the order of arrival, with all faults."""
    device_id, since, n_times, every = STUCK
    silent_id, silent_since = SILENT
    events = sorted(
        event
        for event in _all_sessions(random)
        if not (event[1] == device_id and since <= event[0] < since + n_times * every)
        and not (event[1] == silent_id and event[0] >= silent_since)
    )
    events += [(since + nth * every + int(random.random() * MINUTE), device_id, "on") for nth in range(n_times)]
    events = sorted(event for event in events if not GAP[0] <= event[0] < GAP[1])
    for _nth in range(N_DUPLICATES):
        place = int(random.random() * len(events))
        events.insert(place, events[place])
    for _nth in range(N_LATE):
        # a late event arrives after the next event of its device
        place = int(random.random() * (len(events) - 200))
        late = events.pop(place)
        following = next(n for n in range(place, len(events)) if events[n][1] == late[1] and events[n][0] > late[0])
        events.insert(following + 1, late)
    return events


def _all_sessions(random: Random) -> Iterator[Event]:
    """Yield on and off of every session of the month; a device's sessions do not overlap."""
    for device in DEVICES:
        off_until = 0
        for day in range(N_DAYS):
            for begin, end in sorted(_sessions_of_day(random, device)):
                begin_second, end_second = day * DAY + begin, day * DAY + end
                if begin_second > off_until:
                    yield begin_second, device.device_id, "on"
                    # a session may be open at the end of the month
                    if end_second < N_DAYS * DAY:
                        yield end_second, device.device_id, "off"
                    off_until = end_second + MINUTE


def _sessions_of_day(random: Random, device: Device) -> Iterator[tuple[int, int]]:
    for habit in device.habits:
        is_used = random.random() < habit.share_of_days
        for _nth in range(habit.n_times):
            begin = habit.from_hour + (habit.to_hour - habit.from_hour) * random.random()
            # two dice make the middle likelier than the ends
            minutes = habit.minutes * (0.5 + (random.random() + random.random()) / 2)
            if is_used:
                yield int(begin * HOUR), int(begin * HOUR + minutes * MINUTE)


if __name__ == "__main__":
    sys.exit(main())
