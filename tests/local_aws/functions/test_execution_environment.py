"""Tests of execution environments, through Invoke."""

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
    """Passes event and result unchanged, in any script."""
    answer = invoke("echo", {"name": "エアコン", "n": 1})
    assert answer["StatusCode"] == 200
    assert "FunctionError" not in answer
    assert answer["Payload"]["event"] == {"name": "エアコン", "n": 1}


def test_an_idle_execution_environment_is_used_again(invoke: Invoke) -> None:
    """Runs the second invocation in the process of the first, with its memory."""
    first, second = invoke("echo")["Payload"], invoke("echo")["Payload"]
    assert second["pid"] == first["pid"]
    assert second["n_calls"] == first["n_calls"] + 1


def test_concurrent_invocations_get_an_execution_environment_each(invoke: Invoke) -> None:
    """Runs three concurrent invocations in three processes."""
    with ThreadPoolExecutor(3) as threads:
        answers = list(threads.map(lambda _: invoke("nap", {"seconds": 0.5}), range(3)))
    assert len({answer["Payload"] for answer in answers}) == 3


def test_the_remaining_time_is_true(invoke: Invoke) -> None:
    """Counts the deadline from the invocation, not from the start of the execution environment."""
    assert 19_000 < invoke("echo")["Payload"]["remaining_ms"] <= 20_000


def test_the_client_context_reaches_the_function(invoke: Invoke) -> None:
    """Passes the caller's client context to the function."""
    context = base64.b64encode(b'{"custom": {"a": "b"}}').decode()
    assert invoke("echo", ClientContext=context)["Payload"]["client_context"] == {"a": "b"}


def test_a_failing_function_answers_with_its_error(invoke: Invoke, tmp_path: Path) -> None:
    """Returns the error's class, message and traceback as awslambdaric wrote them."""
    answer = invoke("busy_twice", {"file": str(tmp_path / "tries")})
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert answer["Payload"]["errorType"] == "BusyError"
    assert answer["Payload"]["errorMessage"] == "busy for the 1. time"
    assert "handlers.py" in answer["Payload"]["stackTrace"][0]


def test_a_function_out_of_time_is_ended_with_all_it_started(
    invoke: Invoke, processes_of: Callable[[str], list[Any]]
) -> None:
    """Kills all children of a function that timed out, in other sessions and with other environment variables, too."""
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
def test_a_runtime_that_exits_is_an_error_with_its_reason(
    invoke: Invoke, processes_of: Callable[[str], list[Any]], event: dict[str, int], reason: str
) -> None:
    """Returns an ExitError when the process ends during an invocation, and kills what the process started."""
    answer = invoke("exit_or_die", event)
    assert answer["Payload"]["errorType"] == "Runtime.ExitError"
    assert answer["Payload"]["errorMessage"].endswith(reason)
    assert processes_of("sleep 302") == []


def test_a_module_that_cannot_be_imported_is_an_error_each_time(invoke: Invoke) -> None:
    """Does not use an execution environment again that failed to start."""
    for _ in range(2):
        answer = invoke("no_module")
        assert answer["FunctionError"] == "Unhandled"
        assert answer["Payload"]["errorType"] == "Runtime.ImportModuleError"
        assert "No module named 'nowhere'" in answer["Payload"]["errorMessage"]


def test_a_response_that_is_too_large_is_an_error(invoke: Invoke) -> None:
    """Accepts a response of six megabytes and rejects one that is 200 bytes longer."""
    limit = 6 * 1024 * 1024
    assert len(invoke("large", {"n_bytes": limit - 2})["Payload"]) == limit - 2
    answer = invoke("large", {"n_bytes": limit + 200})
    assert answer["Payload"]["errorType"] == "Function.ResponseSizeTooLarge"


def test_the_log_can_be_read_when_the_invocation_returns(
    invoke: Invoke, service: DeployedService, log_of: Callable[[str], list[str]]
) -> None:
    """Writes all output between START and REPORT, a last line without a newline, too."""
    invoke("log_lines")
    lines = log_of(service.functions["log_lines"])
    assert lines[0].startswith("START RequestId: ")
    assert "a warning" in lines[1]
    assert lines[2:4] == ["straight to stdout", "straight to stderr, not ended"]
    assert lines[4].startswith("END RequestId: ")
    assert "Memory Size: 256 MB" in lines[5]
    assert "Init Duration: " in lines[5]


def test_the_tail_of_the_log_comes_with_the_answer(invoke: Invoke) -> None:
    """Returns the invocation's own log lines with LogType=Tail."""
    log = base64.b64decode(invoke("echo", LogType="Tail")["LogResult"]).decode()
    assert "echo was here" in log
    assert log.count("START RequestId") == 1


def test_an_exit_is_logged(invoke: Invoke, service: DeployedService, log_of: Callable[[str], list[str]]) -> None:
    """Writes Lambda's message about an exit to the function's log."""
    invoke("exit_or_die", {"status": 5})
    assert any("exit status 5" in line for line in log_of(service.functions["exit_or_die"]))


def test_a_function_sees_clean_environment_variables(
    invoke: Invoke, embedded_aws: EmbeddedAws, service_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sets Lambda's and the function's own variables, none of ours and no HOME, and a private /tmp."""
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
    """Leads boto3.client("s3") without arguments to the embedded AWS."""
    assert "parts-local-store" in invoke("buckets")["Payload"]
