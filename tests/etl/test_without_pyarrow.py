"""CheckOutput's function has no pyarrow, so pandas stores text in another way there: the figures are the same."""

import os
import subprocess
import sys

from etl.runs.provenance import ROOT

CODE = """
import sys
if "without" in sys.argv:
    sys.modules["pyarrow"] = None  # as if it were not installed, for pandas too
import pandas as pd
from etl.analysis import usage, volume
from etl.checks.all_checks import HISTORY_CHECKS, run_checks
from etl.checks.check import RunData
from etl.contract import history_csv
from etl.analysis.device_health import device_health
from etl.analysis.events import device_owners, events_of
from etl.display.plots import plot_events, plot_run_time
from etl.analysis.sessions import operation_sessions
from etl.display.preview_table import PreviewTable

zone = {"time_zone": "Asia/Tokyo"}
header = "device_id,timestamp,power,user_id,type\\n"
rows = "tv,1616506124,on,u1,TV\\ntv,1616506124,on,u2,TV\\ntv,1616509999,off,u1,TV\\ntv,1616509999,off,u2,TV\\n"
content = (header + rows + "x,1616506125,on,,\\nac,1616506125,off,u1,エアコン\\n").encode()
for body in (content, header.encode()):
    history = history_csv.from_csv(body)
    report = {"rows": dict.fromkeys(("read", "valid", "quarantined", "matched", "unmatched", "written"), 0)}
    report["rows"]["fanned_out_extra"] = 0
    report |= {"output": {"sha256": ""}, "devices": {"n_types_not_text": 0}, "extra_fields": []}
    events, owners = events_of(history), device_owners(history)
    health = device_health(events, until=1616510000)
    day = {"run_date": "2021-03-23", **zone}
    data = RunData(report, body, history, events, 1616510000, pd.DataFrame(), owners, health, **day)
    print(run_checks(HISTORY_CHECKS, data, {}))
    sessions = operation_sessions(events)
    by_device = usage.run_time_by_device(events, sessions)
    on = usage.devices_on(sessions, until=1616510000, **zone)
    counts = volume.events_by_type(events, **zone)
    shown = [history, by_device, usage.run_time_by_owner(by_device, owners), on, counts]
    shown += [health, usage.longest_sessions(sessions, **zone)]
    print(*map(PreviewTable, shown), plot_events(counts, **zone).alt, plot_run_time(by_device).alt, sep="\\n")
print("pyarrow" in sys.modules and sys.modules["pyarrow"] is not None, file=sys.stderr)
"""


def run(*arguments):
    """Run the code in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", CODE, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True)


def test_the_tables_are_the_same_with_and_without_pyarrow():
    """Every table is the same to the character; one process really has pyarrow, the other does not."""
    with_it, without = run(), run("without")
    assert (with_it.stderr, without.stderr) == ("True\n", "False\n")
    assert with_it.stdout == without.stdout
    assert "エアコン" in without.stdout
