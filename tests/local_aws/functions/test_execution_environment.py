"""Tests of function instances, through Invoke."""

import base64
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from local_aws import DeployedService, EmbeddedAws

pytestmark = pytest.mark.functional
Invoke = Callable[..., dict[str, Any]]


def test_a_function_gets_its_event_and_answers(invoke: Invoke) -> None:
    """Event and result pass through unchanged, other scripts included."""
    answer = invoke("echo", {"name": "エアコン", "n": 1})
    assert answer["StatusCode"] == 200
    assert "FunctionError" not in answer
    assert answer["Payload"]["event"] == {"name": "エアコン", "n": 1}


def test_an_idle_instance_is_used_again(invoke: Invoke) -> None:
    """The second invocation meets the process of the first, its memory included."""
    first, second = invoke("echo")["Payload"], invoke("echo")["Payload"]
    assert second["pid"] == first["pid"]
    assert second["n_calls"] == first["n_calls"] + 1


def test_invocations_at_once_get_an_instance_each(invoke: Invoke) -> None:
    """Three naps at the same time run in three processes."""
    with ThreadPoolExecutor(3) as threads:
        answers = list(threads.map(lambda _: invoke("nap", {"seconds": 0.5}), range(3)))
    assert len({answer["Payload"] for answer in answers}) == 3


def test_the_remaining_time_is_true(invoke: Invoke) -> None:
    """The deadline counts from the invocation, not from the instance's start."""
    assert 19_000 < invoke("echo")["Payload"]["remaining_ms"] <= 20_000


def test_the_client_context_reaches_the_function(invoke: Invoke) -> None:
    """What a caller sends along can be read from the context."""
    context = base64.b64encode(b'{"custom": {"a": "b"}}').decode()
    assert invoke("echo", ClientContext=context)["Payload"]["client_context"] == {"a": "b"}


def test_a_failing_function_answers_with_its_error(invoke: Invoke, tmp_path: Path) -> None:
    """The error's class, message and traceback come back as awslambdaric wrote them."""
    answer = invoke("busy_twice", {"file": str(tmp_path / "tries")})
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert answer["Payload"]["errorType"] == "BusyError"
    assert answer["Payload"]["errorMessage"] == "busy for the 1. time"
    assert "handlers.py" in answer["Payload"]["stackTrace"][0]


def test_a_function_out_of_time_is_ended_with_all_it_started(
    invoke: Invoke, processes_of: Callable[[str], list[Any]]
) -> None:
    """No child survives, neither one in a session of its own nor one with an environment of its own."""
    answer = invoke("sleep_with_children")
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorType"] == "Sandbox.Timedout"
    assert answer["Payload"]["errorMessage"].endswith("Error: Task timed out after 1.00 seconds")
    assert processes_of("sleep 300") + processes_of("sleep 301") == []


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"status": 3}, "Runtime exited with error: exit status 3"),
        ({"status": 0}, "Runtime exited without providing a reason"),
        ({"signal": int(signal.SIGKILL)}, "Runtime exited with error: signal: killed"),
    ],
)
def test_a_dead_runtime_is_told_with_its_reason(
    invoke: Invoke, processes_of: Callable[[str], list[Any]], event: dict[str, int], reason: str
) -> None:
    """A process that ends under its function is an ExitError, and what it left behind is ended, too."""
    answer = invoke("exit_or_die", event)
    assert answer["Payload"]["errorType"] == "Runtime.ExitError"
    assert answer["Payload"]["errorMessage"].endswith(reason)
    assert processes_of("sleep 302") == []


def test_a_module_that_cannot_be_imported_is_told_each_time(invoke: Invoke) -> None:
    """An instance that failed to start is not kept."""
    for _ in range(2):
        answer = invoke("no_module")
        assert answer["FunctionError"] == "Unhandled"
        assert answer["Payload"]["errorType"] == "Runtime.ImportModuleError"
        assert "No module named 'nowhere'" in answer["Payload"]["errorMessage"]


def test_a_response_that_is_too_large_is_an_error(invoke: Invoke) -> None:
    """Six megabytes pass, a hundred bytes more do not."""
    limit = 6 * 1024 * 1024
    assert len(invoke("large", {"n_bytes": limit - 2})["Payload"]) == limit - 2
    answer = invoke("large", {"n_bytes": limit + 200})
    assert answer["Payload"]["errorType"] == "Function.ResponseSizeTooLarge"


def test_the_log_can_be_read_when_the_invocation_returns(
    invoke: Invoke, service: DeployedService, log_of: Callable[[str], list[str]]
) -> None:
    """Output of all kinds stands between START and REPORT, the last line also without its end."""
    invoke("log_lines")
    lines = log_of(service.functions["log_lines"])
    assert lines[0].startswith("START RequestId: ")
    assert "a warning" in lines[1]
    assert lines[2:4] == ["straight to stdout", "straight to stderr, not ended"]
    assert lines[4].startswith("END RequestId: ")
    assert "Memory Size: 256 MB" in lines[5]
    assert "Init Duration: " in lines[5]


def test_the_tail_of_the_log_comes_with_the_answer(invoke: Invoke) -> None:
    """LogType=Tail returns the invocation's own lines."""
    log = base64.b64decode(invoke("echo", LogType="Tail")["LogResult"]).decode()
    assert "echo was here" in log
    assert log.count("START RequestId") == 1


def test_a_time_out_and_a_death_are_logged(
    invoke: Invoke, service: DeployedService, log_of: Callable[[str], list[str]]
) -> None:
    """What Lambda itself has to say stands in the function's log."""
    invoke("exit_or_die", {"status": 5})
    assert any("exit status 5" in line for line in log_of(service.functions["exit_or_die"]))


def test_an_instance_sees_a_clean_environment(
    invoke: Invoke, embedded_aws: EmbeddedAws, service_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lambda's variables and the function's own are there, ours and HOME are not, and /tmp is private."""
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.setenv("MY_SECRET", "x")
    seen = invoke("surroundings")["Payload"]
    environment = seen["environment"]
    assert {"MY_SECRET", "AWS_PROFILE", "HOME"}.isdisjoint(environment)
    assert environment["AWS_ENDPOINT_URL"] == embedded_aws.endpoint_url
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == "parts-local-surroundings"
    assert environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert environment["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.13"
    assert environment["AWS_REGION"] == "ap-northeast-1"  # reserved: the function's own is ignored
    assert environment["_HANDLER"] == "handlers.surroundings"
    assert environment["TZ"] == ":UTC"
    assert environment["LAMBDA_TASK_ROOT"] == environment["PYTHONPATH"] == seen["cwd"] == str(service_folder)
    assert seen["tmp"] == environment["TMPDIR"]
    assert "local-aws-" in seen["tmp"]


def test_a_plain_client_in_a_function_talks_to_the_embedded_aws(invoke: Invoke) -> None:
    """boto3.client("s3") without any arguments sees the service's bucket."""
    assert "parts-local-store" in invoke("buckets")["Payload"]
