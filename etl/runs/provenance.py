"""Which code and which packages a run used: git commit, lock file, versions."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCK_FILE = ROOT / "requirements" / "lambda.txt"
PACKAGES = ("pandas", "papermill", "ipykernel", "boto3", "matplotlib", "msgspec")


def provenance() -> dict[str, object]:
    """Return the git commit (null where unknown), the lock file's SHA-256 and the versions of the main packages."""
    return {
        "git_commit": _git_commit(),
        "lock_file_sha256": hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest() if LOCK_FILE.exists() else None,
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
    }


def _git_commit() -> str | None:
    """Return the commit that was deployed (``ETL_GIT_COMMIT``), or the working tree's; null if there is neither."""
    if deployed := os.environ.get("ETL_GIT_COMMIT"):
        return deployed
    if not (ROOT / ".git").exists():
        return None
    try:
        answer = subprocess.run(
            ["git", "-C", str(ROOT), "rev-parse", "--verify", "--quiet", "HEAD"],
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() or None
