"""Run the deployed state machine once, print its states as they end, and its answer.

By boto3: osls prints an answer for people, and its exit code is 0 also where the execution failed.
"""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from etl.cli.execution import Execution
from etl.contract.run_date import RunDate
from etl.errors import EtlError
from etl.runs.layout import run_prefix
from etl.storage.aws import aws_errors, client
from etl.storage.stage_resources import stage_resources
from local_aws.cloudformation.yaml_files import read_yaml

SERVICE = Path(__file__).parents[2] / "serverless.yml"
POLL_SECONDS = 0.5


class ExecutionError(Exception):
    """The execution did not succeed, or its input is no input."""


def execution_input(text: str) -> dict[str, Any]:
    """Read an execution's input, a JSON object; nothing is an empty one.

    Raises
    ------
    ExecutionError
        It is anything else.
    """
    try:
        value = json.loads(text or "{}")
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ExecutionError(
            f"""DATA={text:.80}: no JSON object; expected one, as in DATA='{{"run_date": "2021-03-23"}}'."""
        )
    return value


def run_once(machine_arn: str, data: dict[str, Any], *, stage: str) -> None:
    """Start an execution, print its states, its answer and the folder of its notebooks, and wait for its end.

    Parameters
    ----------
    machine_arn
        The state machine's.
    data
        The execution's input.
    stage
        For the analytics bucket's name.

    Raises
    ------
    ExecutionError
        It ended otherwise than SUCCEEDED.
    EtlError
        AWS refused or did not answer.
    """
    started_at = datetime.now(UTC)
    name = f"by-hand-{started_at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
    stepfunctions = client("stepfunctions")
    with aws_errors(f"state machine {machine_arn}, start"):
        answer = stepfunctions.start_execution(stateMachineArn=machine_arn, name=name, input=json.dumps(data))
    execution = Execution(answer["executionArn"], stepfunctions, poll_seconds=POLL_SECONDS)
    try:
        with aws_errors(f"execution {name}, follow"):
            result = execution.show(lambda line: print(line, flush=True))
    except KeyboardInterrupt:
        print(
            f"Not waited for; it runs on:\n  aws stepfunctions describe-execution --execution-arn {execution.arn}",
            flush=True,
        )
        raise
    print(f"status: {result.status}")
    if result.succeeded:
        print(f"output: {json.dumps(result.output, ensure_ascii=False, indent=2)}")
    print(f"notebooks: {_folder(data, started_at, name, stage)}")
    if not result.succeeded:
        raise ExecutionError(f"the execution ended as {result.status}: {result.error}: {result.cause}")


def _folder(data: dict[str, Any], started_at: datetime, name: str, stage: str) -> str:
    """Return the address of the run's folder; its run date is derived as LoadFile derives it."""
    try:
        time_zone = read_yaml(SERVICE)["custom"]["timeZone"]
        instant = data.get("scheduled_at", started_at.isoformat())
        run_date = RunDate.parse(data.get("run_date", RunDate.of_instant(instant, time_zone)))
        return f"s3://{stage_resources(stage).analytics_bucket_name}/{run_prefix(run_date, name)}"
    except EtlError as error:
        return f"none ({error})"
