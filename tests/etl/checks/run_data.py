"""The data of a sound run, for the tests of the checks."""

import hashlib

import pandas as pd

from etl.analysis.local_time import end_of_day
from etl.checks.check import RunData
from etl.contract.columns import HISTORY_COLUMNS
from etl.contract.history_csv import from_csv, to_csv

DAY = {"run_date": "2021-03-23", "time_zone": "Asia/Tokyo"}
END = end_of_day("2021-03-23", time_zone="Asia/Tokyo")
CONTENT = to_csv(
    pd.DataFrame(
        [
            ("a", "1616506124", "on", "u1", "TV"),
            ("a", "1616506124", "on", "u2", "Lamp"),
            ("b", "1616511600", "off", "u1", "エアコン"),
            ("x", "1616511601", "off", None, None),
        ],
        columns=HISTORY_COLUMNS,
        dtype="str",
    )
)
ROWS = {"read": 3, "valid": 3, "quarantined": 0, "matched": 2, "unmatched": 1, "fanned_out_extra": 1, "written": 4}
REPORT = {
    "rows": ROWS | {"duplicates": 0},
    "devices": {"n_types_not_text": 0},
    "unmatched_devices": ["x"],
    "extra_fields": [],
    "output": {"sha256": hashlib.sha256(CONTENT).hexdigest()},
}
COMPARED_HOURS = pd.DataFrame(
    {"n_events": [50, 0, 0, 50, 900], "usual_events": [50.0] * 5},
    index=pd.date_range("2021-03-23 10:00", periods=5, freq="h", name="hour"),
)
OWNERS = pd.DataFrame(
    [("a", "u1", "TV"), ("b", "u1", "TV"), ("b", "u2", "TV")], columns=["device_id", "user_id", "type"]
)
HEALTH = pd.DataFrame(
    {
        "n_events": [60, 40],
        "n_repeated_on": [1, 0],
        "n_orphaned_off": [2, 0],
        "starts_off": [True, False],
        "n_in_a_row": [3, 1],
        "longest_on_hours": [1.0, 5.0],
        "longest_pause_hours": [1.0, 1.0],
        "silent_hours": [0.0, 9.0],
        "n_out_of_order": [0, 1],
    },
    index=pd.Index(["a", "b"], name="device_id"),
)


def run_data(*, content=CONTENT, rows=None, seconds_after_end=(-7200, 0), **changes):
    """Return the data of a run: its history's bytes, changed counts, and events so many seconds after the day's end."""
    report = REPORT | changes.pop("report", {})
    events = pd.DataFrame({"timestamp": [END + second for second in seconds_after_end]}, dtype="int64")
    values = {
        "report": report | {"rows": report["rows"] | (rows or {})},
        "content": content,
        "history": from_csv(content),
        "events": events,
        "until": max((END + second for second in seconds_after_end if second < 0), default=END),
        "compared_hours": COMPARED_HOURS,
        "owners": OWNERS,
        "health": HEALTH,
    }
    return RunData(**values | changes, **DAY)
