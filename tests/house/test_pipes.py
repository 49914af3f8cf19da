"""No shell script of ours dies because a reader left its pipe early."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Each ends before its input does: now and then SIGPIPE kills the writer, and with pipefail the script
LEAVES_EARLY = re.compile(r"\|\s*(head\b|grep\s+(-\w*[qm]|--quiet|--max-count)|sed\s+(-n\s+)?['\"]?\d*q)")


def scripts_with_pipefail() -> list[Path]:
    """Return the tracked files that switch ``pipefail`` on."""
    listed = subprocess.run(
        ["git", "grep", "-lE", "^ *set .*pipefail"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.splitlines()]


def test_no_reader_leaves_a_pipe_early_under_pipefail() -> None:
    """``make --version | head -n 1`` once ended a CI run with 141 before it began."""
    scripts = scripts_with_pipefail()
    assert ROOT / ".ci" / "run" in scripts
    found = [
        f"{script.relative_to(ROOT)}: {line.strip()}"
        for script in scripts
        for line in script.read_text(encoding="utf-8").splitlines()
        if LEAVES_EARLY.search(line)
    ]
    assert found == []
