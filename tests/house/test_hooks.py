"""``make hooks`` in a scratch clone: notebooks shown cell by cell, commits checked, and nothing else touched."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COPIED = (".gitattributes", ".gitignore", ".pre-commit-config.yaml", "Makefile", "pyproject.toml", "etl", "notebooks")
COPIED += ("scripts", "tests/notebooks", "requirements/dev.txt")
NOTEBOOK = "notebooks/02_join.ipynb"

pytestmark = pytest.mark.slow
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return a function that runs a command in a fresh clone, whose user has no settings and no network."""
    clone, home = tmp_path / "clone", tmp_path / "home"
    home.mkdir()
    for name in COPIED:
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, clone / name)
    # a .venv that is ready: this one, as the clone's own
    (clone / ".venv").mkdir()
    for path in Path(sys.prefix).iterdir():
        (clone / ".venv" / path.name).symlink_to(path)
    (clone / ".venv" / ".ready").unlink(missing_ok=True)
    (clone / ".venv" / ".ready").write_text(f"{clone.resolve()}\n{sys.executable}\n", encoding="utf-8")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "GIT_"))}
    environment = inherited | {
        "HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        "PRE_COMMIT_HOME": str(tmp_path / "cache"),
    }
    environment |= {"http_proxy": "http://127.0.0.1:1", "https_proxy": "http://127.0.0.1:1"}

    def command(*arguments: str, fails: bool = False) -> subprocess.CompletedProcess[str]:
        answer = subprocess.run(
            arguments, cwd=clone, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert bool(answer.returncode) is fails, answer.stdout + answer.stderr
        return answer

    command("git", "init", "-q", "-b", "main")
    command("git", "config", "user.name", "Ann")
    command("git", "config", "user.email", "ann@example.com")
    command("git", "add", "-A")
    command("git", "commit", "-q", "-m", "Begin")
    return command


def change(
    clone: Path, cell_id: str, *, path: str = NOTEBOOK, line: str | None = None, shown: str | None = None
) -> None:
    """Change the first line of a cell's source, or a line of what it shows, in the form that git has."""
    document = json.loads((clone / path).read_text(encoding="utf-8"))
    (cell,) = [cell for cell in document["cells"] if cell["id"] == cell_id]
    if line:
        cell["source"][0] = line + "\n"
    if shown:
        cell["outputs"][0]["data"]["text/plain"][1] = shown + "\n"
    text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    (clone / path).write_text(text, encoding="utf-8")


def test_a_changed_notebook_is_shown_cell_by_cell_where_it_can_be(run: Run, tmp_path: Path) -> None:
    """Shows notebooks by nbdime, without .venv or hooks as plain text, and changes no setting of the user."""
    clone = tmp_path / "clone"
    change(clone, "rows", shown="read                   5")
    plain = run("git", "diff").stdout
    assert '+       "read                   5\\n",' in plain
    run("make", "hooks")
    by_cell = run("git", "diff").stdout
    assert "## modified /cells/13/outputs/0/data/text/plain:" in by_cell
    assert "read                   5" in by_cell
    assert '\\n",' not in by_cell
    (clone / ".venv").rename(tmp_path / "elsewhere")
    assert '+       "read                   5\\n",' in run("git", "diff").stdout
    (tmp_path / "elsewhere").rename(clone / ".venv")
    run(".venv/bin/python", "scripts/hooks.py", "--remove")
    assert run("git", "diff").stdout == plain
    assert "jupyternotebook" not in run("git", "config", "--local", "--list").stdout
    assert not (clone / ".git" / "hooks" / "pre-commit").exists()
    assert not list((tmp_path / "home").glob(".git*"))


@pytest.mark.parametrize("has_venv", [True, False], ids=["nbdime", "plain git"])
def test_two_changes_of_one_notebook_are_merged(run: Run, tmp_path: Path, has_venv: bool) -> None:
    """Merges changes of two cells into a valid notebook."""
    clone = tmp_path / "clone"
    run("make", "hooks")
    run("git", "switch", "-q", "-c", "theirs")
    change(clone, "rows", shown="read                   5")
    run("git", "commit", "-q", "--no-verify", "-am", "Theirs")
    run("git", "switch", "-q", "main")
    change(clone, "join-prose", line="Three devices of two owners.")
    run("git", "commit", "-q", "--no-verify", "-am", "Ours")
    if not has_venv:
        (clone / ".venv").rename(tmp_path / "elsewhere")
    run("git", "merge", "-q", "--no-verify", "-m", "Merge", "theirs")
    merged = json.loads((clone / NOTEBOOK).read_text(encoding="utf-8"))
    cells = {cell["id"]: cell for cell in merged["cells"]}
    assert cells["join-prose"]["source"][0] == "Three devices of two owners.\n"
    assert cells["rows"]["outputs"][0]["data"]["text/plain"][1] == "read                   5\n"


def test_a_commit_that_ci_would_refuse_is_refused(run: Run, tmp_path: Path) -> None:
    """Refuses a notebook with a secret and code in another format, and names both checks."""
    clone = tmp_path / "clone"
    run("make", "hooks")
    change(clone, "rows", line="password = 'hunter22'")
    (clone / "etl" / "runs" / "layout.py").write_text("x=1\n", encoding="utf-8")
    refused = run("git", "commit", "-q", "-am", "Break both", fails=True)
    output = refused.stdout + refused.stderr
    assert "Would reformat: etl/runs/layout.py" in output or "-x=1" in output
    assert "holds_no_secret" in output
    assert output.count("Failed") == 2
    assert run("git", "log", "--format=%s").stdout == "Begin\n"


def test_the_notebooks_check_passes_what_is_committed(run: Run) -> None:
    """Runs the same test as CI."""
    passed = run(".venv/bin/python", "-m", "pre_commit", "run", "notebooks", "--all-files").stdout
    assert "Passed" in passed
