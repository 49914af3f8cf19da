"""Run osls, the deployment tool, from the project's own node_modules."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
OSLS = ROOT / "node_modules" / ".bin" / "osls"
RESOURCES, SERVICE = "serverless-resources.yml", "serverless.yml"


class OslsError(Exception):
    """Osls ended with an error, or is not there."""


def install_osls() -> None:
    """Install osls, as the Makefile does it, where it is missing or not the one of package-lock.json.

    A link to another clone's node_modules is left alone.

    Raises
    ------
    OslsError
        npm is missing or failed; its message is on stderr.
    """
    if (ROOT / "node_modules").is_symlink():
        return
    make = [os.environ.get("MAKE", "make"), "-s", "node_modules"]
    if subprocess.run(make, cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode:
        raise OslsError("osls was not installed; nothing was done.")


def osls(
    *arguments: str,
    config: str = SERVICE,
    stage: str,
    region: str,
    environment: Mapping[str, str],
    folder: Path = ROOT,
) -> str:
    """Run an osls command and return its stdout.

    Its whole environment is `environment`: the shell's, to which a caller adds the variables of an embedded AWS. The
    folder is the project or a copy of it. An error of osls raises `OslsError` with all of its output.
    """
    if not OSLS.exists():
        raise OslsError("osls is not installed; run 'make node_modules'.")
    # no calls home, and no advice on Node versions among the output
    quiet = {"SLS_TELEMETRY_DISABLED": "1", "SLS_NOTIFICATIONS_MODE": "off", "NODE_NO_WARNINGS": "1"}
    answer = subprocess.run(
        [str(OSLS), *arguments, "--config", config, "--stage", stage, "--region", region],
        cwd=folder,
        env={**environment, **quiet, "ETL_GIT_COMMIT": _git_commit()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode:
        raise OslsError(f"osls {' '.join(arguments)} ended with {answer.returncode}:\n{answer.stdout}{answer.stderr}")
    return answer.stdout


def _git_commit() -> str:
    """Return the commit that is deployed, marked where the working tree differs from it."""
    if commit := os.environ.get("ETL_GIT_COMMIT"):
        return commit
    description = subprocess.run(
        ["git", "-C", str(ROOT), "describe", "--always", "--abbrev=40", "--dirty"],
        capture_output=True,
        text=True,
        check=False,
    )
    return description.stdout.strip()
