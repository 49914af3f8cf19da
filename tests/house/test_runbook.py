"""The runbook has a row for each message, alarm and error, and its commands exist as they are written."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from test_documents import rows_below
from test_makefile import targets

from etl.errors import leaves
from lambda_wrappers.notify import Execution
from local_aws.cloudformation.yaml_files import read_yaml

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "docs" / name for name in ("runbook.md", "personal-data.md")]
RUNBOOK = PAGES[0].read_text(encoding="utf-8")
# options of the AWS CLI itself
GLOBAL = {"query", "output", "region", "cli-input-json", "max-items"}
# commands of the AWS CLI that are no operations of AWS
CUSTOM = {"s3 cp", "s3 ls"}


def ended(status: str, *, output: Any = None, given: Any = None) -> Execution:
    """Return an execution that has ended."""
    detail = {"executionArn": "a", "name": "n", "status": status, "startDate": 0, "input": json.dumps(given or {})}
    return Execution.of({"region": "r", "detail": {**detail, "output": json.dumps(output or {})}})


MESSAGES = [
    ended("FAILED"),
    ended("TIMED_OUT"),
    ended("ABORTED"),
    ended("SUCCEEDED", output={"result": "No file."}, given={"scheduled_at": "2021-03-22T15:00:00Z"}),
    ended("SUCCEEDED", output={"result": "Success.", "warnings": ["gaps"]}),
]


def first_cells(heading: str) -> set[str]:
    """Return the first column of the table below a heading, without backquotes."""
    section = RUNBOOK[RUNBOOK.index(f"{heading}\n") :].split("\n## ")[0]
    return {row[0].strip("`") for row in rows_below(section, heading)}


def code(text: str) -> list[str]:
    """Return the lines of a page's blocks of code, and the code within its sentences."""
    blocks = re.findall(r"```\n(.*?)```", text, re.DOTALL)
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return [line for block in blocks for line in block.splitlines()] + spans


def aws_calls(text: str) -> list[list[str]]:
    """Return each call of the AWS CLI in a page, nested ones too, as words; what a shell fills in is a word."""
    calls = []
    for line in code(text):
        rest = line
        while match := re.search(r"\$\(aws [^()]*(?:\([^()]*\))?[^()]*\)", rest):
            calls.append(shlex.split(match[0][2:-1]))
            rest = rest.replace(match[0], "FILLED")
        calls += [shlex.split(match.split(" > ")[0]) for match in re.findall(r"(?:^|; do |^ +)(aws .*)$", rest)]
    return calls


def faults(words: list[str]) -> list[str]:
    """Return what AWS's own models do not know of a call: the service, the operation, or an option."""
    _aws, service, operation, *rest = words
    if f"{service} {operation}" in CUSTOM:
        return []
    model = botocore.session.get_session().get_service_model(service.replace("s3api", "s3"))
    names = {xform_name(name, "-"): name for name in model.operation_names}
    if operation not in names:
        return [operation]
    members = {xform_name(name, "-") for name in model.operation_model(names[operation]).input_shape.members}
    options = {word.removeprefix("--") for word in rest if word.startswith("--")}
    return sorted(options - members - GLOBAL)


@pytest.mark.parametrize("execution", MESSAGES, ids=lambda execution: execution.sentence)
def test_each_message_has_its_row(execution: Execution) -> None:
    """The row is found by the end of the message's subject."""
    assert execution.sentence in first_cells("## Messages")


def test_no_row_is_of_no_message() -> None:
    """The table has the messages that are sent, and no others."""
    assert first_cells("## Messages") == {execution.sentence for execution in MESSAGES}


@pytest.mark.parametrize("error", sorted(leaves()))
def test_each_error_has_its_row(error: str) -> None:
    """The row is found by the name that Step Functions shows."""
    assert error in first_cells("## Errors")


def test_each_alarm_has_its_row() -> None:
    """The row is found by the end of the alarm's name; no row is of an alarm that was removed."""
    resources = read_yaml(ROOT / "infrastructure" / "alarms.yml")["Resources"].values()
    names = {item["Properties"]["AlarmName"] for item in resources if "AlarmName" in item["Properties"]}
    assert {name.removeprefix("${self:service}-${sls:stage}-") for name in names} == first_cells("## Alarms")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_each_call_of_aws_is_one_that_aws_knows(path: Path) -> None:
    """Service, operation and options are in AWS's models, so that a pasted command is not refused for its spelling."""
    calls = aws_calls(path.read_text(encoding="utf-8"))
    assert calls
    assert {" ".join(words): faults(words) for words in calls if faults(words)} == {}


def test_a_misspelt_call_is_caught() -> None:
    """An unknown operation and an unknown option are found, within a command in quotes as well."""
    text = '```\naws sqs purge-queue --queue "$(aws sqs get-queue-urls --queue-name a)"\n```'
    assert [faults(words) for words in aws_calls(text)] == [["get-queue-urls"], ["queue"]]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_each_target_and_script_exists(path: Path) -> None:
    """What a page calls by make or by Python is there."""
    lines = code(path.read_text(encoding="utf-8"))
    called = {match for line in lines for match in re.findall(r"\bmake ([a-z-]+)", line)}
    assert called <= set(targets())
    scripts = {match for line in lines for match in re.findall(r"\bscripts/[a-z_]+\.py", line)}
    assert {name for name in scripts if not (ROOT / name).is_file()} == set()


def test_the_doctors_headings_are_in_the_runbook() -> None:
    """Where the doctor names a section of the runbook, the section is there."""
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "scripts" / "diagnosis").glob("*.py"))
    headings = set(re.findall(r"docs/runbook\.md, '([^']+)'", text))
    assert headings
    assert headings <= set(re.findall(r"^## (.+)$", RUNBOOK, re.MULTILINE))
