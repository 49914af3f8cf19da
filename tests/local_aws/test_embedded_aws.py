"""Tests of starting and stopping, in all the ways that a process can end."""

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

import local_aws
from local_aws import DeployedService, EmbeddedAws, deploy_service
from local_aws.errors import FunctionNotFoundError, StartError

pytestmark = pytest.mark.functional
AllGone = Callable[[list[psutil.Process], float], bool]
_OWNER = """
import json, sys, time
from pathlib import Path
from local_aws import EmbeddedAws, deploy_service
with EmbeddedAws() as aws:
    service = deploy_service(aws, Path(sys.argv[1]), stage="local")
    client = aws.client("lambda")
    client.invoke(FunctionName=service.functions["echo"])
    for busy in (files := [Path(sys.argv[2], "one"), Path(sys.argv[2], "two")]):
        event = json.dumps({"file": str(busy)})
        client.invoke(FunctionName=service.functions["hang"], InvocationType="Event", Payload=event)
    while not all(busy.exists() for busy in files):
        time.sleep(0.01)
    print(aws._profile.parent, flush=True)
    sys.stdin.readline()
    raise RuntimeError("the owner fails")
"""


@pytest.fixture
def owner(service_folder: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a process that owns an embedded AWS with one idle and two busy execution environments."""
    environment = {**os.environ, "PYTHONPATH": str(Path(local_aws.__file__).parents[1])}
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(_OWNER), str(service_folder / "serverless.yml"), str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        yield process
        process.kill()


def children_and_folder(owner: subprocess.Popen[str]) -> tuple[list[psutil.Process], Path]:
    """Return the owner's descendants and its private folder, once it says that it is ready."""
    assert owner.stdout
    folder = Path(owner.stdout.readline().strip())
    children = psutil.Process(owner.pid).children(recursive=True)
    assert len(children) >= 4  # moto and three execution environments
    assert folder.is_dir()
    return children, folder


def test_nothing_is_left_after_an_exception(owner: subprocess.Popen[str], all_gone: AllGone) -> None:
    """Ends moto, idle and busy execution environments, and removes the files after the owner's own error."""
    children, folder = children_and_folder(owner)
    started = time.monotonic()
    _, errors = owner.communicate("go on\n", timeout=20)
    assert time.monotonic() - started < 5
    assert owner.returncode == 1
    assert errors.count("Traceback") == 1, errors
    assert "the owner fails" in errors
    assert all_gone(children, 0)
    assert not folder.exists()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_is_left_after_a_sudden_death(
    owner: subprocess.Popen[str], all_gone: AllGone, number: signal.Signals
) -> None:
    """Ends all processes and removes the files within seconds after the owner was killed."""
    children, folder = children_and_folder(owner)
    owner.send_signal(number)
    assert owner.wait(5) == -number
    assert all_gone(children, 5)
    assert not folder.exists()


def test_leaving_ends_it_within_two_seconds(all_gone: AllGone, service_folder: Path, tmp_path: Path) -> None:
    """Ends running functions, too; their callers get an error."""
    before = set(psutil.Process().children(recursive=True))
    with ThreadPoolExecutor() as threads:
        with EmbeddedAws() as aws:
            service = deploy_service(aws, service_folder / "serverless.yml", stage="local")
            client = aws.client("lambda")
            event = json.dumps({"file": str(tmp_path / "busy")})
            call = threads.submit(client.invoke, FunctionName=service.functions["hang"], Payload=event)
            while not (tmp_path / "busy").exists():
                time.sleep(0.01)
            children = [p for p in psutil.Process().children(recursive=True) if p not in before]
            started = time.monotonic()
        assert time.monotonic() - started < 2
        assert len(children) == 2
        assert all_gone(children, 0)
        assert call.exception() or call.result()["FunctionError"] == "Unhandled"


def test_a_taken_port_is_one_clear_line() -> None:
    """Raises an error of one line with the address and the reason."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StartError) as caught, EmbeddedAws(port=port):
            pass
    assert str(caught.value).startswith(f"127.0.0.1:{port}: cannot listen there; found Address already in use")
    assert "\n" not in str(caught.value)


def test_moto_that_does_not_start_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Raises an error with moto's exit status when moto does not start."""
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(StartError, match="moto: the server ended with status 1 before it was ready"), EmbeddedAws():
        pass


def test_it_must_run_to_be_used() -> None:
    """Raises an error when it is used outside `with`."""
    aws = EmbeddedAws()
    with pytest.raises(StartError, match="it does not run"):
        aws.client("s3")
    with pytest.raises(StartError, match="it does not run"):
        _ = aws.endpoint_url


def test_it_listens_on_loopback_only(embedded_aws: EmbeddedAws) -> None:
    """Makes gateway, moto and Runtime APIs listen on 127.0.0.1 only."""
    me = psutil.Process()
    assert embedded_aws.endpoint_url.startswith("http://127.0.0.1:")
    listening = [
        connection.laddr.ip
        for process in (me, *me.children(recursive=True))
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) >= 2
    assert set(listening) == {"127.0.0.1"}


def test_a_prewarmed_function_is_used_by_the_first_invocation(
    embedded_aws: EmbeddedAws, service: DeployedService, all_gone: AllGone
) -> None:
    """Runs the first invocation in the execution environment that was started before it."""
    for environment in [i for i in embedded_aws._pool._idle if i.function.name == service.functions["buckets"]]:
        environment.close()
    before = set(embedded_aws._pool._all)
    embedded_aws.prewarm([service.functions["buckets"]])
    (warm,) = set(embedded_aws._pool._all) - before
    answer: Any = embedded_aws.client("lambda").invoke(FunctionName=service.functions["buckets"])
    assert json.loads(answer["Payload"].read())
    assert set(embedded_aws._pool._all) - before <= {warm}
    assert not all_gone([psutil.Process(warm._process.pid)], 0)


def test_prewarming_an_unknown_function_is_an_error(embedded_aws: EmbeddedAws) -> None:
    """Raises the error at once, not in the background."""
    with pytest.raises(FunctionNotFoundError, match="nobody"):
        embedded_aws.prewarm(["nobody"])


def test_the_longest_idle_execution_environment_is_ended(service_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ends the execution environment that is idle for longest, and starts a new one for its function's next call."""
    monkeypatch.setattr("local_aws.functions.function_pool.MAX_IDLE", 1)
    with EmbeddedAws() as aws:
        service = deploy_service(aws, service_folder / "serverless.yml", stage="local")

        def process_of(key: str) -> psutil.Process:
            answer = aws.client("lambda").invoke(FunctionName=service.functions[key], Payload=b'{"pid": true}')
            assert "FunctionError" not in answer
            return psutil.Process(next(i for i in aws._pool._idle if i.function.name.endswith(key))._process.pid)

        first = process_of("echo")
        assert process_of("echo") == first
        second = process_of("surroundings")
        psutil.wait_procs([first], timeout=10)
        assert not first.is_running()
        assert second.is_running()
        assert process_of("echo") != first
