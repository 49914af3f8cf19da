"""Tests of ``python -m local_aws``."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest

import local_aws

AllGone = Callable[[list[psutil.Process], float], bool]
_COMMAND = [sys.executable, "-m", "local_aws"]
_ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(local_aws.__file__).parents[1])}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [*_COMMAND, *arguments], capture_output=True, text=True, timeout=60, env=_ENVIRONMENT, check=False
    )


def test_help_names_every_option() -> None:
    """Describes every option, how to stop, and the exit status."""
    shown = run("--help")
    assert shown.returncode == 0
    for text in ("--port", "--region", "--stage", "--sandbox", "--deploy", "Ctrl-C", "exit status"):
        assert text in shown.stdout


@pytest.mark.parametrize("arguments", [["--port", "x"], ["--port", "65536"], ["--nonsense"], ["--deploy"]])
def test_wrong_usage_is_status_2(arguments: list[str]) -> None:
    """Prints an error on stderr and ends with status 2."""
    ended = run(*arguments)
    assert ended.returncode == 2
    assert "error: " in ended.stderr


@pytest.mark.functional
def test_a_taken_port_is_status_1_and_one_line() -> None:
    """Prints one line and no traceback."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = run("--port", str(taken.getsockname()[1]))
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1
    assert "Address already in use" in ended.stderr


@pytest.mark.functional
def test_a_file_that_cannot_be_deployed_is_status_1_and_one_line(tmp_path: Path) -> None:
    """Prints one line that names the file."""
    ended = run("--deploy", str(tmp_path / "none.yml"))
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1
    assert "none.yml: cannot be read" in ended.stderr


@pytest.fixture
def running(service_folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the command in a session of its own, as a terminal would; return it and what it printed."""
    command = [
        *_COMMAND,
        "--stage",
        "demo",
        "--region",
        "eu-west-1",
        "--deploy",
        str(service_folder / "serverless.yml"),
    ]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_ENVIRONMENT,
        start_new_session=True,
    ) as ran:
        assert ran.stdout
        lines = [ran.stdout.readline()]
        while "Ctrl-C stops it" not in lines[-1]:
            lines.append(ran.stdout.readline())
            assert lines[-1], ran.communicate()
        yield ran, "".join(lines)
        ran.kill()


@pytest.mark.functional
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_and_leaves_nothing(
    running: tuple[subprocess.Popen[str], str], all_gone: AllGone, number: signal.Signals
) -> None:
    """Ends with status 0 and no child process after a signal; the variables that it printed lead a client to it."""
    ran, shown = running
    client = client_of(shown)
    answer = client.invoke(FunctionName="parts-demo-echo")
    assert b'"event": {}' in answer["Payload"].read()
    children = psutil.Process(ran.pid).children(recursive=True)
    assert len(children) == 2
    assert all(os.getsid(child.pid) != ran.pid for child in children)
    os.killpg(ran.pid, number)  # as a terminal does
    assert ran.wait(5) == 0
    assert ran.stderr
    assert ran.stderr.read() == ""
    assert all_gone(children, 0)


def client_of(shown: str) -> Any:
    """Return a Lambda client for the variables that a shell has after it read what the command printed."""
    after = subprocess.run(
        ["/bin/sh"],
        input=f"{shown}env\n",
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"], "AWS_PROFILE": "work"},
    )
    variables = dict(line.split("=", 1) for line in after.stdout.splitlines())
    return boto3.client(
        "lambda",
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        region_name=variables["AWS_REGION"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )
