"""Tests of deploying with the real tool: osls, with the plugin for Step Functions."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fire_schedule import main

from local_aws import EmbeddedAws

_ROOT = Path(__file__).parents[3]
_MODULES = _ROOT / "node_modules"
_SERVICE = Path(__file__).parents[1] / "service_deployed"
Osls = Callable[..., str]

pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.functional,
    pytest.mark.slow,
    pytest.mark.skipif(
        not (_MODULES / ".bin" / "osls").exists() or shutil.which("node") is None,
        reason=f"osls is not installed; found no {_MODULES}/.bin/osls, or no node; install Node 20 and run `npm ci`",
    ),
]


@pytest.fixture
def service_copy(tmp_path: Path) -> Path:
    """Return a copy of the service that a test may change."""
    folder = tmp_path / "service"
    shutil.copytree(_SERVICE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "node_modules").symlink_to(_MODULES)
    return folder


@pytest.fixture
def osls(embedded_aws: EmbeddedAws, service_copy: Path, tmp_path: Path) -> Osls:
    """Return a function that runs osls in the copy, with nothing of the user's own settings, and returns its stdout."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "CI": "1",
        "NODE_NO_WARNINGS": "1",
        "SLS_AWS_MONITORING_FREQUENCY": "250",
        **embedded_aws.environment(),
    }

    def run(*arguments: str) -> str:
        command = [str(_MODULES / ".bin" / "osls"), *arguments, "--stage", "test"]
        ended = subprocess.run(
            command, cwd=service_copy, env=environment, capture_output=True, text=True, check=False, timeout=120
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    return run


def greeted(osls: Osls) -> tuple[Any, Any]:
    """Invoke the function and the state machine; return what each says."""
    shown = osls("invoke", "stepf", "--name", "Greeter", "--data", '{"name": "Ada"}')
    execution = json.loads(re.search(r"\{.*\}", shown, re.DOTALL)[0])  # type: ignore[index]
    assert execution["status"] == "SUCCEEDED", execution
    return json.loads(osls("invoke", "--function", "hello")), json.loads(execution["output"])


def test_what_was_deployed_runs_until_the_next_deploy(
    osls: Osls, service_copy: Path, embedded_aws: EmbeddedAws
) -> None:
    """Runs the deployed function, layer and definition until the changed ones are deployed.

    One test, because a deploy and an execution take seconds each; it fires the deployed schedule, too.
    """
    osls("deploy")
    before = {"version": 1, "greeting": "hello from a layer"}
    expected = ({**before, "event": {}}, {**before, "event": {"name": "Ada"}})
    assert greeted(osls) == expected
    for name, old, new in (
        ("src/app.py", "VERSION = 1", "VERSION = 2"),
        ("layer/python/greeting.py", "hello from", "goodbye to"),
        ("serverless.yml", '"name.$": $.name', "known_as: me"),
    ):
        path = service_copy / name
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    assert json.loads(osls("invoke", "--function", "hello")) == expected[0]
    osls("deploy")
    after = {"version": 2, "greeting": "goodbye to a layer"}
    assert greeted(osls) == ({**after, "event": {}}, {**after, "event": {"known_as": "me"}})
    at = ["--endpoint-url", embedded_aws.endpoint_url, "--at", "2021-03-22T15:30:00Z"]
    assert main([*at, "--stack", "deployed-parts-test"]) == 0
    osls("remove")
