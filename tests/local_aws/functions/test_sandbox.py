"""Tests of the sandbox: what a function sees, may do and may use there."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
from deployment import Deployment, app, zipped

from local_aws import EmbeddedAws, sandbox_missing
from local_aws.errors import StartError
from local_aws.functions import sandbox
from local_aws.functions.sandbox import sandbox_missing as uncached

needs_sandbox = pytest.mark.skipif(sandbox_missing() is not None, reason=str(sandbox_missing()))


@pytest.fixture(scope="module")
def sandboxed_aws() -> Iterator[EmbeddedAws]:
    """Run an embedded AWS with a sandbox."""
    with EmbeddedAws(sandbox=True) as aws:
        yield aws


@pytest.fixture(scope="module")
def deployed(sandboxed_aws: EmbeddedAws) -> Deployment:
    """Deploy all functions of the service, with a layer."""
    stack = Deployment(sandboxed_aws)
    stack.layer("words", zipped({"python/greeting.py": "TEXT = 'hi'\n"}))
    for key in ("hello", "surroundings", "probe", "allocate"):
        stack.function(key, app(), f"src/app.{key}", Layers=[{"Ref": "words"}], MemorySize=256)
    stack.deploy()
    return stack


@pytest.fixture(scope="module")
def invoke(deployed: Deployment) -> Callable[..., Any]:
    """Return a function that invokes one of the functions by its key."""
    return lambda key, event=None: deployed.invoke(f"{deployed.name}-{key}", event)


@pytest.fixture(scope="module")
def evaluate(invoke: Callable[..., Any]) -> Callable[[str], Any]:
    """Return a function that evaluates an expression in the sandbox."""
    return lambda expression: invoke("probe", {"expression": expression})


@needs_sandbox
@pytest.mark.functional
def test_a_function_finds_its_parts_where_lambda_has_them(invoke: Callable[..., Any]) -> None:
    """Shows code, layer, runtime client and Python at Lambda's paths, nothing of ours, and no HOME."""
    assert invoke("hello")["greeting"] == "hi"
    seen = invoke("surroundings", {"modules": ["moto", "pytest", "greeting"]})
    assert seen["path"][:4] == ["/var/task", "/opt/python/lib/python3.13/site-packages", "/opt/python", "/var/runtime"]
    assert seen["found"] == ["greeting"]
    environment = seen["environment"]
    assert {"HOME", "USER", "TMPDIR", "VIRTUAL_ENV"}.isdisjoint(environment)
    assert environment["PATH"] == "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin"
    assert environment["LD_LIBRARY_PATH"] == (
        "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"
    )
    assert (environment["LAMBDA_TASK_ROOT"], environment["LAMBDA_RUNTIME_DIR"]) == ("/var/task", "/var/runtime")
    assert seen["cwd"] == "/var/task"


@needs_sandbox
@pytest.mark.functional
@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("os.getuid()", 993),
        ("sys.executable", "/var/lang/bin/python3.13"),
        ("os.path.expanduser('~')", "/home/sbx_user1051"),
        ("sorted(os.listdir('/var'))", ["base", "lang", "runtime", "task"]),
        ("Path('/dev/shm').exists()", False),
        ("__import__('multiprocessing').Lock()", "FileNotFoundError"),
        (f"Path({str(Path(__file__).parent)!r}).exists()", False),
        ("Path('/root').exists() or Path('/home').exists()", False),
        ("[folder for folder in os.listdir('/') if os.access(f'/{folder}', os.W_OK)]", ["tmp"]),
        ("[path for path in ('/', '/var/task', '/var/lang', '/opt', '/dev') if os.access(path, os.W_OK)]", []),
        ("os.open('/var/task/src/app.py', os.O_WRONLY)", "OSError"),
        ("os.open('/etc/passwd', os.O_WRONLY)", "OSError"),
        ("os.open('/proc/sys/kernel/core_pattern', os.O_WRONLY)", "OSError"),
        ("max(int(n) for n in os.listdir('/proc') if n.isdigit()) < 20", True),
        ("__import__('socket').create_connection(('example.com', 80), 5)", "gaierror"),
    ],
)
def test_nothing_else_can_be_seen_or_written(evaluate: Callable[[str], Any], expression: str, expected: object) -> None:
    """Shows a foreign user, its own processes, read-only folders, no shared memory and no files of this machine.

    No expression changes anything if the sandbox fails to stop it.
    """
    assert evaluate(expression) == expected


@needs_sandbox
@pytest.mark.functional
def test_tmp_has_512_mib_and_lasts_as_long_as_the_execution_environment(evaluate: Callable[[str], Any]) -> None:
    """Rejects a file above 512 MiB, and shows a file to the next invocation."""
    assert evaluate("Path('/tmp/kept').write_text('x')") == 1
    assert evaluate("Path('/tmp/kept').read_text()") == "x"
    write = "subprocess.run(['dd', 'if=/dev/zero', 'of=/tmp/big', 'bs=1M', 'count={}'], stderr=-3).returncode"
    assert evaluate(write.format(500)) == 0
    assert evaluate(write.format(513)) == 1
    assert evaluate("Path('/tmp/big').unlink()") is None


@needs_sandbox
@pytest.mark.functional
def test_a_function_reaches_the_embedded_aws(evaluate: Callable[[str], Any]) -> None:
    """Lets a function reach the gateway on loopback."""
    fetch = "__import__('urllib.request').request.urlopen(os.environ['AWS_ENDPOINT_URL'] + '/moto-api/').status"
    assert evaluate(fetch) == 200


@needs_sandbox
@pytest.mark.functional
@pytest.mark.parametrize("event", [{"mb": 400, "seconds": 5}, {"mb": 100, "n_children": 2, "seconds": 5}])
def test_more_memory_than_it_has_ends_a_function(invoke: Callable[..., Any], event: dict[str, int]) -> None:
    """Kills a function within three seconds when one process or several together exceed its memory."""
    started = time.monotonic()
    answer = invoke("allocate", event)
    assert time.monotonic() - started < 3
    assert answer["errorType"] == "Runtime.ExitError"
    assert answer["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")


@needs_sandbox
@pytest.mark.functional
def test_memory_within_the_limit_is_reported(
    invoke: Callable[..., Any], sandboxed_aws: EmbeddedAws, deployed: Deployment
) -> None:
    """Reports the peak memory of the execution environment."""
    assert invoke("allocate", {"mb": 120, "seconds": 0.3}) == 120 << 20
    client, group = sandboxed_aws.client("logs"), f"/aws/lambda/{deployed.name}-allocate"
    lines = [event["message"] for event in client.filter_log_events(logGroupName=group)["events"]]
    used = [int(line.split("Max Memory Used: ")[1].split()[0]) for line in lines if "Max Memory Used" in line]
    assert any(120 < mb < 160 for mb in used), lines


@needs_sandbox
@pytest.mark.functional
@pytest.mark.parametrize(
    ("expression", "reason"),
    [("os._exit(3)", "exit status 3"), ("os.kill(os.getpid(), 11)", "signal: segmentation fault")],
)
def test_an_exit_is_reported_as_without_a_sandbox(evaluate: Callable[[str], Any], expression: str, reason: str) -> None:
    """Reports the process's own exit status or signal."""
    answer = evaluate(expression)
    assert (answer["errorType"], answer["errorMessage"].split("error: ")[-1]) == ("Runtime.ExitError", reason)


@needs_sandbox
@pytest.mark.functional
def test_leaving_ends_sandboxes_and_all_in_them(
    processes_of: Callable[[str], list[psutil.Process]], all_gone: Callable[[list[psutil.Process], float], bool]
) -> None:
    """Ends busy sandboxes and their processes within two seconds."""
    with ThreadPoolExecutor() as threads:
        with EmbeddedAws(sandbox=True) as aws:
            stack = Deployment(aws)
            name = stack.function("busy", app(), "src/app.probe")
            stack.deploy()
            expression = "subprocess.run(['sleep', '307'], start_new_session=True)"
            call = threads.submit(stack.invoke, name, {"expression": expression})
            while not (sleeping := processes_of("sleep 307")):
                assert not call.done(), call.result()
                time.sleep(0.02)
            started = time.monotonic()
        assert time.monotonic() - started < 2
        assert all_gone(sleeping, 0)
        assert call.exception() or call.result()["errorType"]
    assert processes_of("sleep 307") == []


@pytest.fixture
def without_cache() -> Iterator[None]:
    """Let the reason be found anew, and forget what a test made of it."""
    uncached.cache_clear()
    yield
    uncached.cache_clear()


@pytest.mark.usefixtures("without_cache")
def test_a_missing_bubblewrap_is_an_error_with_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuses to start with a sandbox without bubblewrap, and names the package to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "apt-get install bubblewrap" in str(sandbox_missing())
    with pytest.raises(StartError, match="no bubblewrap on PATH"), EmbeddedAws(sandbox=True):
        pass


@pytest.mark.usefixtures("without_cache")
def test_a_forbidden_bubblewrap_is_an_error_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Returns bubblewrap's message where user namespaces are forbidden."""
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "found bwrap: setting up uid map: Permission denied" in str(sandbox_missing())


@pytest.mark.usefixtures("without_cache")
def test_another_system_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Returns a reason on other systems than Linux."""
    monkeypatch.setattr(sandbox.sys, "platform", "darwin")
    assert sandbox_missing() == "sandbox: needs Linux; found darwin"


@needs_sandbox
@pytest.mark.functional
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become an ordinary user")
def test_an_ordinary_user_can_have_a_sandbox() -> None:
    """Makes a sandbox with the same foreign identity for an ordinary user, where user namespaces are allowed."""
    arguments = [*sandbox._IDENTITY, *sandbox._system_arguments(), *sandbox._tmp_arguments(1)]
    command = ["bwrap", *arguments, "--", "/bin/sh", "-c", "id -u"]
    ended = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd="/", user=65534, group=65534, extra_groups=[]
    )
    if "namespace" in ended.stderr:
        pytest.skip(ended.stderr)
    assert ended.stdout == "993\n", ended.stderr
