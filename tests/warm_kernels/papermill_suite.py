"""Run papermill's own test suite with stock kernels, with the provisioner swapped in, and with the engine swapped in.

``python tests/warm_kernels/papermill_suite.py [folder of an unpacked papermill source distribution]``; without a folder
pip downloads the source distribution of the installed version. Ends with 1 if a swap fails a test that stock passes.
Tests of what is not installed here (cloud storage, ...) fail in all three alike. Takes about two minutes.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

ENGINE, OUTCOMES = "SUITE_ENGINE", "SUITE_OUTCOMES"
SWAPS = {"stock": {}, "provisioner": {"JUPYTER_DEFAULT_PROVISIONER_NAME": "warm-fork"}, "engine": {ENGINE: "warm"}}


def main(arguments: list[str]) -> int:
    """Run the suite three times and compare."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(arguments[0]).resolve() if arguments else _downloaded(Path(folder))
        failures = {}
        for swap, environment in SWAPS.items():
            passed, failed = _run(source, Path(folder) / f"{swap}.json", environment)
            failures[swap] = failed
            new = sorted(failed - failures["stock"])
            sys.stdout.write(
                f"{swap:12} {passed} passed, {len(failed)} failed, {len(new)} that stock does not have {new}\n"
            )
    return int(any(failed - failures["stock"] for failed in failures.values()))


def _downloaded(folder: Path) -> Path:
    version = importlib.metadata.version("papermill")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "papermill"]
    subprocess.run([*pip, "--dest", str(folder), f"papermill=={version}"], check=True)
    with tarfile.open(next(folder.glob("papermill-*.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
    return folder / f"papermill-{version}"


def _run(source: Path, outcomes: Path, environment: dict[str, str]) -> tuple[int, set[str]]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "papermill_suite", "-p", "no:cacheprovider"]
    command += ["--continue-on-collection-errors", "papermill/tests"]
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    env = {**os.environ, "PYTHONPATH": path, OUTCOMES: str(outcomes), **environment}
    subprocess.run(command, cwd=source, env=env, check=False, capture_output=True)
    found = json.loads(outcomes.read_text(encoding="utf-8"))
    failed = {test for test, outcome in found.items() if outcome == "failed"}
    return len(found) - len(failed), failed


# from here on: the plugin that the suite runs with

_outcomes: dict[str, str] = {}


def pytest_configure() -> None:
    """Put the engine in the place of papermill's own."""
    if ENGINE in os.environ:
        from papermill.engines import papermill_engines  # noqa: PLC0415 - the suite's own copy

        engine = papermill_engines.get_engine(os.environ[ENGINE])
        papermill_engines.register(None, engine)
        papermill_engines.register("nbclient", engine)


def pytest_runtest_logreport(report: Any) -> None:
    """Record the outcome; a failure in set-up or tear-down counts."""
    if report.failed or report.nodeid not in _outcomes:
        _outcomes[report.nodeid] = "failed" if report.failed else "passed"


def pytest_sessionfinish() -> None:
    """Write the outcomes to a file."""
    Path(os.environ[OUTCOMES]).write_text(json.dumps(_outcomes), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
