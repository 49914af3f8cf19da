"""nbval guards the merged output: planted regressions fail at the cell that shows them."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from etl.provenance import ROOT

pytestmark = [pytest.mark.functional, pytest.mark.notebook, pytest.mark.slow]

FOLDERS = (
    "etl",
    "infrastructure",
    "lambda_wrappers",
    "local_aws",
    "notebook_report",
    "notebooks",
    "sample",
    "warm_kernels",
    "workflow",
)
FILES = (*FOLDERS, "conftest.py", "pyproject.toml", "serverless.yml", "serverless-resources.yml")


def failed_cells(project, notebook):
    """Run nbval on one notebook of a project and return the ids of the cells that failed."""
    answer = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-rf", "--color=no"]
        + ["--nbval", "--nbval-current-env", f"notebooks/{notebook}"],
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert re.search(r"\d+ (passed|failed)", answer.stdout), answer.stdout + answer.stderr
    return {int(number) for number in re.findall(r"^FAILED .*::Cell (\d+)", answer.stdout, re.MULTILINE)}


@pytest.mark.parametrize(
    ("path", "old", "new", "cell_ids"),
    [
        pytest.param("etl/join.py", "is_unknown = numbers < 0", "is_unknown = numbers < 0", set(), id="nothing"),
        pytest.param(
            "etl/join.py",
            "owners = devices if isinstance(devices, Owners) else Owners(devices)\n",
            "owners = devices if isinstance(devices, Owners) else Owners(devices)\n"
            '    events = events[events["device_id"].isin(owners._device_ids.to_pylist())]\n',
            {"rule"},
            id="an inner join",
        ),
        pytest.param(
            "etl/join.py",
            "return owners.attach(_table(events, EVENT_COLUMNS)).to_pandas(use_threads=False)",
            'return owners.attach(_table(events, EVENT_COLUMNS)).to_pandas(use_threads=False).sort_values("device_id")',
            {"rule"},
            id="another order",
        ),
        pytest.param(
            "etl/join.py",
            "return owners.attach(_table(events, EVENT_COLUMNS)).to_pandas(use_threads=False)",
            "return owners.attach(_table(events, EVENT_COLUMNS)).to_pandas(use_threads=False).assign(type=None)",
            {"rule", "join", "write", "report", "result"},
            id="a dropped column",
        ),
        pytest.param(
            "sample/devices.json",
            '"エアコン"',
            '"Lamp"',
            {"devices", "join", "write", "report", "result"},
            id="another value in the sample",
        ),
    ],
)
def test_a_planted_regression_fails_where_it_shows(tmp_path, path, old, new, cell_ids):
    """Exactly the cells that show the change fail, and none when nothing was changed."""
    for name in FILES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    text = (tmp_path / path).read_text(encoding="utf-8")
    assert text.count(old) == 1
    (tmp_path / path).write_text(text.replace(old, new), encoding="utf-8")
    code = [cell["id"] for cell in code_cells(tmp_path / "notebooks" / "02_join.ipynb")]
    failed = {code[number] for number in failed_cells(tmp_path, "02_join.ipynb")}
    assert cell_ids == failed if cell_ids != {"rule"} else "rule" in failed


def code_cells(path):
    """Return the code cells, as nbval numbers them."""
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
