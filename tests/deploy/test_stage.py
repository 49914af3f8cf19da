"""Stage, account and credentials are checked before anything is built, and messages speak the language of make."""

from __future__ import annotations

import argparse
import os
import pty
import select
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

import osls
import stage as stage_script
from etl.runs.provenance import ROOT
from stages import access
from stages.access import StageAccess, StageError, confirm_account, require_stage_name
from stages.execution import ExecutionError, execution_input

REGION = "ap-northeast-1"
ACTIONS = ("deploy", "invoke", "logs", "remove", "rollback", "doctor")
MAX_SECONDS = 2.0
ACCESS = StageAccess("dev", REGION, "111122223333", "arn:aws:iam::111122223333:user/deployer")
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}


def shell(tmp_path: Any, **variables: str) -> dict[str, str]:
    """Return an environment without anything that AWS's clients know, but for the variables."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MAKE", "MFLAGS"))}
    files = {"AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials")}
    return {**inherited, **files, "AWS_EC2_METADATA_DISABLED": "true", **variables}


def script(action: str, *options: str, environment: dict[str, str]) -> tuple[subprocess.CompletedProcess[str], float]:
    """Run what the Makefile runs; return its answer and the CPU seconds of it, which other work does not change."""
    name = {"rollback": ["rollback.py", "--day", "20210323"], "doctor": ["doctor.py"]}.get(action, ["stage.py", action])
    before = os.times()
    answer = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / name[0]), *name[1:], *options],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=MAX_SECONDS * 10,
        check=False,
    )
    after = os.times()
    return answer, sum(after[2:4]) - sum(before[2:4])


@pytest.mark.parametrize("action", ACTIONS)
def test_a_command_without_a_stage_says_what_to_type(action: str, tmp_path: Any) -> None:
    """One line on stderr, at once, in the language of make and not of argparse."""
    answer, seconds = script(action, "--stage", "", environment=shell(tmp_path))
    assert answer.returncode == 1
    assert answer.stderr == f"make {action}: no stage; expected its name, as in 'make {action} STAGE=dev'.\n"
    assert answer.stdout == ""
    assert seconds < MAX_SECONDS


@pytest.mark.parametrize(
    ("stage", "reason"),
    [
        ("Prod!", "not a name for buckets"),
        ("Dev", "not a name for buckets"),
        ("my_stage", "not a name for buckets"),
        ("-dev", "not a name for buckets"),
        ("dev-", "not a name for buckets"),
        ("thirteenchars", "at most 12 in ap-northeast-1"),
    ],
)
def test_a_stage_whose_buckets_cannot_be_named_is_refused(stage: str, reason: str) -> None:
    """The message quotes the stage as it was typed, with the rule and an example."""
    with pytest.raises(StageError, match=rf"^STAGE={stage}: .*{reason}.*STAGE=dev"):
        require_stage_name(stage, REGION, action="deploy")


@pytest.mark.parametrize("stage", ["dev", "prod", "a", "twelve-chars", "2"])
def test_a_stage_whose_buckets_can_be_named_is_accepted(stage: str) -> None:
    """The longest of them gives a bucket's name of 63 characters."""
    require_stage_name(stage, REGION, action="deploy")
    name = access.BUCKET_NAME.format(stage=stage, account="1" * 12, region=REGION)
    assert len(name) <= access.MAX_BUCKET_NAME


def test_the_longest_name_is_that_of_the_template() -> None:
    """The bucket whose length limits the stage is the longest of serverless-resources.yml."""
    text = (ROOT / "serverless-resources.yml").read_text(encoding="utf-8")
    names = [line.split("'")[1] for line in text.splitlines() if line.strip().startswith("BucketName: !Sub")]
    longest = max(names, key=len)
    for template, ours in (
        ("${sls:stage}", "{stage}"),
        ("${AWS::AccountId}", "{account}"),
        ("${AWS::Region}", "{region}"),
    ):
        longest = longest.replace(template, ours)
    assert longest == access.BUCKET_NAME


def test_missing_credentials_are_reported_at_once(tmp_path: Any) -> None:
    """Nothing is built: the only output is the message."""
    answer, seconds = script("deploy", "--stage", "dev", environment=shell(tmp_path))
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.startswith("make deploy: no AWS credentials; found none; expected those of an account.")
    assert seconds < MAX_SECONDS


def test_an_unknown_profile_is_reported_at_once(tmp_path: Any) -> None:
    """The message names the profile."""
    answer, seconds = script("deploy", "--stage", "dev", environment=shell(tmp_path, AWS_PROFILE="nobody"))
    assert "make deploy: AWS_PROFILE: The config profile (nobody) could not be found" in answer.stderr
    assert seconds < MAX_SECONDS


@pytest.fixture
def refusing_aws() -> Any:
    """Yield the address of a server that refuses each request as AWS refuses expired credentials."""

    class Expired(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = b"<ErrorResponse><Error><Code>ExpiredToken</Code><Message>expired</Message></Error></ErrorResponse>"
            self.send_response(403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Expired)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_expired_credentials_are_reported_at_once(tmp_path: Any, refusing_aws: str) -> None:
    """There is one request, and no second try."""
    environment = shell(tmp_path, AWS_ENDPOINT_URL=refusing_aws, **KEYS)
    answer, seconds = script("deploy", "--stage", "dev", environment=environment)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr == "make deploy: the AWS credentials have expired (ExpiredToken); log in again.\n"
    assert seconds < MAX_SECONDS


def test_no_answer_from_aws_is_reported_at_once(tmp_path: Any) -> None:
    """A misspelt region has no address; here, nobody listens."""
    environment = shell(tmp_path, AWS_ENDPOINT_URL="http://127.0.0.1:1", **KEYS)
    answer, seconds = script("deploy", "--stage", "dev", "--region", "ap-north", environment=environment)
    assert answer.stderr.startswith(
        "make deploy: REGION=ap-north: no answer from AWS; expected a region, and a network."
    )
    assert seconds < MAX_SECONDS


def test_the_embedded_stage_is_not_deployed_to_aws(tmp_path: Any) -> None:
    """Nothing is sent with the name of the embedded AWS's stage."""
    answer, _seconds = script("deploy", "--stage", "local", environment=shell(tmp_path, **KEYS))
    assert "AWS_ENDPOINT_URL does not lead there" in answer.stderr


def test_another_account_than_the_named_one_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Prints where the command would work, and does nothing."""
    with pytest.raises(StageError, match="those of account 111122223333; found ACCOUNT=999900009999"):
        confirm_account(ACCESS, "deploy", account="999900009999")
    confirm_account(ACCESS, "deploy", account="111122223333")
    where = f"deploy: stage dev, account 111122223333, region {REGION}, as {ACCESS.arn}\n"
    assert capsys.readouterr().out == where * 2


def test_without_a_terminal_the_account_must_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message has what to type."""
    monkeypatch.setattr("sys.stdin", open(os.devnull))  # noqa: SIM115, PTH123 - closed by the interpreter
    with pytest.raises(StageError, match="confirm the account with ACCOUNT=111122223333"):
        confirm_account(ACCESS, "deploy", account=None)


@pytest.mark.parametrize(("typed", "is_right"), [("111122223333", True), ("y", False), ("", False)])
def test_on_a_terminal_the_account_is_typed(monkeypatch: pytest.MonkeyPatch, typed: str, is_right: bool) -> None:
    """Only the whole number goes on."""
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _question: typed)
    if is_right:
        confirm_account(ACCESS, "deploy", account=None)
    else:
        with pytest.raises(StageError, match="Nothing was done"):
            confirm_account(ACCESS, "deploy", account=None)


def test_a_profile_with_mfa_asks_for_its_code_on_the_terminal(tmp_path: Any, refusing_aws: str) -> None:
    """The code is asked for on the terminal of the command, as make hands it down."""
    (tmp_path / "config").write_text(
        "[profile base]\n"
        "[profile with-mfa]\nsource_profile = base\nrole_arn = arn:aws:iam::111122223333:role/deployer\n"
        "mfa_serial = arn:aws:iam::111122223333:mfa/me\n"
    )
    (tmp_path / "credentials").write_text("[base]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = secret\n")
    environment = shell(tmp_path, AWS_PROFILE="with-mfa", AWS_ENDPOINT_URL=refusing_aws)
    main, other = pty.openpty()
    try:
        process = subprocess.Popen(
            ["make", "-s", "invoke", "STAGE=dev"],
            cwd=ROOT,
            env=environment,
            stdin=other,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)),  # noqa: PLW1509 - takes the terminal
        )
        seen = b""
        while b"MFA code" not in seen:
            assert select.select([main], [], [], 30)[0], process.poll()
            seen += os.read(main, 1000)
        os.write(main, b"123456\n")
        _stdout, stderr = process.communicate(timeout=30)
    finally:
        os.close(main)
        os.close(other)
    assert "mfa/me" in seen.decode()
    assert "the AWS credentials have expired" in stderr  # what the server answers to AssumeRole


def test_osls_gets_the_credentials_of_this_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Osls reads no profile, so it asks for no code."""
    (tmp_path / "credentials").write_text(
        "[mine]\naws_access_key_id = AKIAMINE\naws_secret_access_key = hidden\naws_session_token = session\n"
    )
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)
    access.boto3.setup_default_session(region_name=REGION)
    environment = ACCESS.osls_environment()
    assert "AWS_PROFILE" not in environment
    assert [environment[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")] == [
        "AKIAMINE",
        "hidden",
        "session",
    ]


@pytest.mark.parametrize("text", ["{", "[]", "run_date", '"a"'])
def test_an_input_that_is_no_object_is_refused(text: str) -> None:
    """Before an execution is started, with an example."""
    with pytest.raises(ExecutionError, match=r"""^DATA=.*expected one, as in DATA='\{"run_date": "2021-03-23"\}'"""):
        execution_input(text)
    assert execution_input("") == {}


@pytest.mark.parametrize("code", [0, 1])
def test_a_deploy_builds_before_it_deploys(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """First osls, then the packages, then both stacks; nothing is deployed where a package was not built."""
    steps: list[str] = []

    def build(_arguments: list[str]) -> int:
        steps.append("package")
        return code

    def run_osls(_access: StageAccess, action: str, *, config: str) -> str:
        steps.append(f"{action} {config}")
        return ""

    monkeypatch.setattr(stage_script, "install_osls", lambda: steps.append("osls"))
    monkeypatch.setattr("package.main", build)
    monkeypatch.setattr(stage_script, "_osls", run_osls)
    if code:
        with pytest.raises(StageError, match="nothing was deployed"):
            stage_script.deploy(ACCESS, argparse.Namespace())
        assert steps == ["osls", "package"]
    else:
        stage_script.deploy(ACCESS, argparse.Namespace())
        assert steps == ["osls", "package", "deploy serverless-resources.yml", "deploy serverless.yml"]


def test_a_link_to_another_clones_tools_is_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Npm would empty the folder behind the link."""
    (tmp_path / "shared").mkdir()
    (tmp_path / "node_modules").symlink_to(tmp_path / "shared")
    monkeypatch.setattr(osls, "ROOT", tmp_path)
    monkeypatch.setattr("subprocess.run", lambda *_arguments, **_options: pytest.fail("something was run"))
    osls.install_osls()
