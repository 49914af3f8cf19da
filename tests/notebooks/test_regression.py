"""nbval guards the outputs: each planted regression fails at exactly the cells that show it.

One session of nbval runs a copy of a notebook for each regression. The first cell of the copy imports a copy of the
code with the fault in it, and removes the objects that the copies before it have written.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass

import pytest

from etl.runs.provenance import ROOT

pytestmark = [pytest.mark.functional, pytest.mark.notebook, pytest.mark.slow]

FOLDERS = (
    "etl",
    "infrastructure",
    "lambda_wrappers",
    "notebooks",
    "packages",
    "sample",
    "workflow",
)
FILES = (*FOLDERS, "conftest.py", "pyproject.toml", "serverless.yml", "serverless-resources.yml")
BUCKET = "devices-data-analytics-local-123456789012-ap-northeast-1"
RUN = "runs/20210323/sample/"
FIRST_CELL = """\
import sys
import boto3
sys.path.insert(0, {code!r})
for name in [name for name in sys.modules if name.split(".")[0] == "etl"]:
    del sys.modules[name]
s3 = boto3.client("s3")
for item in s3.list_objects_v2(Bucket={bucket!r}, Prefix={prefix!r}).get("Contents", []):
    s3.delete_object(Bucket={bucket!r}, Key=item["Key"])
{setup}
"""


@dataclass(frozen=True)
class Regression:
    """A fault: the notebook that shows it, the text that is replaced in a file, and the ids of the cells that fail."""

    notebook: str
    path: str
    old: str
    new: str
    cells: frozenset[str]
    setup: str = ""


def join(path, old, new, *cells, **options):
    """Return a regression of the join."""
    return Regression("02_join.ipynb", path, old, new, frozenset(cells), **options)


def checks(path, old, new, *cells):
    """Return a regression of the checks or of the analysis."""
    return Regression("03_checks.ipynb", path, old, new, frozenset(cells))


ATTACH = "history = owners.attach(_text_table(events, EVENT_COLUMNS))"
LAMP = """boto3.client("dynamodb").put_item(TableName="Devices-local", Item={
    "user_id": {"S": "user_0001"}, "device_id": {"S": "device_m6mww3ss"}, "type": {"S": "Lamp"}})"""
# in the order in which they run: 03_checks reads the history that the last of 02_join has written
REGRESSIONS = {
    "an inner join": join(
        "etl/join/owners.py", ATTACH, ATTACH + '\n    history = history.filter(history["user_id"].is_valid())', "rule"
    ),
    "another order": join(
        "etl/join/owners.py", ATTACH, ATTACH + '.sort_by("device_id")', "rule", "join", "write", "report", "result"
    ),
    "a dropped column": join(
        "etl/join/owners.py",
        ATTACH,
        ATTACH + '\n    history = history.set_column(4, "type", pa.nulls(len(history), pa.large_string()))',
        *("rule", "join", "write", "report", "result"),
    ),
    "another column order": join(
        "etl/contract/columns.py",
        "HISTORY_COLUMNS = [*EVENT_COLUMNS, *OWNER_COLUMNS]",
        'HISTORY_COLUMNS = ["timestamp", "device_id", "power", "user_id", "type"]',
        *("rule", "join", "write", "report", "result"),
    ),
    "a lost row": join(
        "etl/join/join_file.py",
        "history(to_lines(rows))",
        "history(to_lines(rows.slice(1)))",
        "write",
        "report",
        "result",
    ),
    "nothing in the join": join("etl/join/owners.py", "", ""),
    "sessions in the order of text": checks(
        "etl/analysis/events.py",
        "order = np.lexsort((second, device))",
        'order = np.lexsort((events["timestamp"].astype("str"), device))',
        *("rule", "midnight"),
    ),
    "a session ends at its second on": checks(
        "etl/analysis/events.py",
        'is_on = device[order], second[order], (events["power"] == "on").to_numpy(dtype="bool")[order]',
        'is_on = device[order], second[order], (events["power"] == "on").to_numpy(dtype="bool")[order]\n'
        "    is_on = is_on & ~(np.append(False, is_on[:-1]) & (np.diff(device, prepend=-1) == 0))",
        *("rule", "midnight"),
    ),
    "hours of another zone": checks(
        "etl/analysis/local_time.py", "tz_convert(time_zone)", 'tz_convert("UTC")', "events", "plot", "on", "week"
    ),
    "days of another zone": checks(
        "etl/analysis/sessions.py",
        "closed[name].dt.tz_convert(time_zone)",
        'closed[name].dt.tz_convert("UTC")',
        "midnight",
    ),
    "a check left out of the list": checks(
        "etl/checks/all_checks.py", "    arrival_checks.gaps,\n", "", "arrival", "verdict", "result"
    ),
    "nothing in the checks": checks("etl/checks/history_checks.py", "", ""),
    "another value in the sample": join(
        "etl/join/owners.py", "", "", "devices", "join", "write", "report", "result", setup=LAMP
    ),
}


@pytest.fixture(scope="module")
def failed(tmp_path_factory):
    """Return the cells that fail, by regression, of one session of nbval."""
    project = tmp_path_factory.mktemp("project")
    for name in FILES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, project / name)
    copies = [plant(regression, project, f"copy_{number:02}") for number, regression in enumerate(REGRESSIONS.values())]
    answer = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-rf", "--color=no"]
        + ["--nbval", "--nbval-current-env", *(f"notebooks/{copy}" for copy in copies)],
        cwd=project,
        env=os.environ | {"PYTHONPATH": f"{project}:{project / 'packages'}"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert re.search(r"\d+ (passed|failed)", answer.stdout), answer.stdout + answer.stderr
    failures = {}
    for name, copy in zip(REGRESSIONS, copies, strict=True):
        code = [cell["id"] for cell in code_cells(project / "notebooks" / copy)]
        numbers = re.findall(rf"^FAILED .*{re.escape(copy)}::Cell (\d+)", answer.stdout, re.MULTILINE)
        failures[name] = {code[int(number)] for number in numbers}
    return failures


def plant(regression, project, name):
    """Copy the code and put the fault into it, copy the notebook so that it imports this code; return its name."""
    shutil.copytree(project / "etl", project / name / "etl")
    path = project / name / regression.path
    text = path.read_text(encoding="utf-8")
    assert not regression.old or text.count(regression.old) == 1, regression
    path.write_text(text.replace(regression.old, regression.new, 1) if regression.old else text, encoding="utf-8")
    document = json.loads((project / "notebooks" / regression.notebook).read_text(encoding="utf-8"))
    (imports,) = [cell for cell in document["cells"] if cell["id"] == "imports"]
    # the checks read the history of the join, and write a manifest of their own
    prefix = RUN if regression.notebook.startswith("02") else RUN + "manifest.json"
    first = FIRST_CELL.format(code=str(project / name), bucket=BUCKET, prefix=prefix, setup=regression.setup)
    imports["source"] = [first, *imports["source"]]
    copy = f"{name}_{regression.notebook}"
    (project / "notebooks" / copy).write_text(json.dumps(document), encoding="utf-8")
    return copy


def code_cells(path):
    """Return the code cells, as nbval numbers them."""
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]


@pytest.mark.parametrize("name", REGRESSIONS)
def test_a_planted_regression_fails_where_it_shows(failed, name):
    """Exactly the cells that show the change fail, and none if nothing was changed."""
    assert failed[name] == set(REGRESSIONS[name].cells)
