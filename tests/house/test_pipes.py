"""No shell script of this project fails because a reader closes its pipe early."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Each may end before its input does; SIGPIPE then kills the writer, and pipefail ends the script
LEAVES_EARLY = re.compile(r"\|\s*(head\b|grep\s+(-\w*[qm]|--quiet|--max-count)|sed\s+(-n\s+)?['\"]?\d*q)")


def scripts_with_pipefail() -> list[Path]:
    """Return the tracked files that switch ``pipefail`` on."""
    listed = subprocess.run(
        ["git", "grep", "-lE", "^ *set .*pipefail"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.splitlines()]


def test_no_reader_leaves_a_pipe_early_under_pipefail() -> None:
    """No script pipes into a reader that may end first: ``make --version | head -n 1`` once ended a CI run with 141."""
    scripts = scripts_with_pipefail()
    assert ROOT / ".ci" / "run" in scripts
    lines = [
        f"{script.relative_to(ROOT)}: {line.strip()}"
        for script in scripts
        for line in script.read_text(encoding="utf-8").splitlines()
        if LEAVES_EARLY.search(line)
    ]
    assert lines == []
