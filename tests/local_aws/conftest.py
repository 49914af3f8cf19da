"""One embedded AWS for all tests, with a service of generic functions."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from local_aws import DeployedService, EmbeddedAws, deploy_service

SERVICE = Path(__file__).parent / "service"


@pytest.fixture(scope="session")
def embedded_aws() -> Iterator[EmbeddedAws]:
    """Run an embedded AWS for the whole session."""
    with EmbeddedAws(region="ap-northeast-1") as aws:
        yield aws


@pytest.fixture(scope="session")
def service_folder() -> Path:
    """Return the folder of the service, with its serverless.yml and its code."""
    return SERVICE


@pytest.fixture(scope="session")
def service(embedded_aws: EmbeddedAws) -> DeployedService:
    """Deploy the service once."""
    return deploy_service(embedded_aws, SERVICE / "serverless.yml", stage="local", environment={"EXTRA": "x"})


@pytest.fixture(scope="session")
def invoke(embedded_aws: EmbeddedAws, service: DeployedService) -> Callable[..., dict[str, Any]]:
    """Return a function that invokes by key and returns the answer, its payload read as JSON."""
    client = embedded_aws.client("lambda")

    def call(key: str, payload: Any = None, **options: Any) -> dict[str, Any]:
        answer = client.invoke(FunctionName=service.functions[key], Payload=json.dumps(payload or {}), **options)
        body = answer["Payload"].read()
        return {**answer, "Payload": json.loads(body) if body else None}

    return call


@pytest.fixture(scope="session")
def log_of(embedded_aws: EmbeddedAws) -> Callable[[str], list[str]]:
    """Return a function that reads all log lines of a deployed function, in order."""
    client = embedded_aws.client("logs")

    def read(name: str) -> list[str]:
        group = f"/aws/lambda/{name}"
        streams = client.describe_log_streams(logGroupName=group)["logStreams"]
        return [
            event["message"]
            for stream in streams
            for event in client.get_log_events(
                logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True
            )["events"]
        ]

    return read


@pytest.fixture(scope="session")
def processes_of() -> Callable[[str], list[psutil.Process]]:
    """Return a function that lists living processes whose command line has a text in it."""

    def find(text: str) -> list[psutil.Process]:
        return [
            process
            for process in psutil.process_iter(["cmdline", "environ", "status"])
            if process.info["status"] != psutil.STATUS_ZOMBIE and text in " ".join(process.info["cmdline"] or [])
        ]

    return find


@pytest.fixture(scope="session")
def all_gone() -> Callable[[list[psutil.Process], float], bool]:
    """Return a function that tells whether processes end within some seconds."""

    def wait(processes: list[psutil.Process], seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while alive := [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]:
            if time.monotonic() > deadline:
                return False
            psutil.wait_procs(alive, timeout=0.05)
        return True

    return wait
