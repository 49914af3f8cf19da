"""Notify: tell whoever is on call how an execution ended, once and with its repair. Invoked by the rule on its end.

It has no notebook and no kernel, and nothing that it may find makes it fail: what it cannot find out is left out.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger

from etl.contract.run_date import RunDate
from etl.errors import EtlError
from etl.runs.layout import run_prefix
from etl.settings import Settings
from etl.storage.aws import aws_errors, client
from etl.storage.object_store import list_keys

logger = Logger(service="device-operation-history")
MAX_SUBJECT = 100  # characters. Source: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Send one message for an execution that failed, found no file on a schedule, or published with warnings.

    Parameters
    ----------
    event
        "Step Functions Execution Status Change" of an execution that has ended.
    """
    execution = Execution.of(event)
    logger.append_keys(execution=execution.name)
    sentence = execution.sentence
    if sentence is None:
        logger.info("Nothing to tell: %s", execution.status)
        return {"message_id": None}
    stage, run_date = os.environ["STAGE"], _run_date(execution)
    subject = f"Device operation history, {stage}: {sentence}"
    first = f"{sentence[0].upper()}{sentence[1:]}: stage {stage}, run date {run_date or 'unknown'}, {execution.name}."
    message = "\n\n".join(filter(None, [first, _reason(execution), *_repair(execution, stage, run_date)]))
    topic_arn = os.environ["FAILURE_TOPIC_ARN"]
    with aws_errors(f"topic {topic_arn}, publish"):
        answer = client("sns").publish(
            TopicArn=topic_arn, Subject=subject.encode("ascii", "replace").decode()[:MAX_SUBJECT], Message=message
        )
    logger.info("Told: %s", subject)
    return {"message_id": answer["MessageId"]}


@dataclass(frozen=True)
class Execution:
    """An execution that has ended.

    Attributes
    ----------
    arn, name, status, region
        As the event has them.
    started_at
        UTC, ISO 8601.
    given, output
        The execution's input and output; empty where there is none, or where it is no JSON object.
    error, cause
        Why it failed; empty where Step Functions does not say.
    """

    arn: str
    name: str
    status: str
    region: str
    started_at: str
    given: dict[str, Any]
    output: dict[str, Any]
    error: str
    cause: str

    @classmethod
    def of(cls, event: dict[str, Any]) -> Execution:
        """Read an event."""
        detail = event["detail"]
        cause = detail.get("cause") or ""
        with contextlib.suppress(ValueError, KeyError, TypeError):
            cause = json.loads(cause)["errorMessage"]  # a Lambda function's
        return cls(
            arn=detail["executionArn"],
            name=detail["name"],
            status=detail["status"],
            region=event["region"],
            started_at=datetime.fromtimestamp(detail["startDate"] / 1000, UTC).isoformat(),
            given=_json_object(detail.get("input")),
            output=_json_object(detail.get("output")),
            error=detail.get("error") or "",
            cause=str(cause),
        )

    @property
    def sentence(self) -> str | None:
        """What happened, in a few words; None if nobody needs to know."""
        if self.status != "SUCCEEDED":
            return {"TIMED_OUT": "a run took too long", "ABORTED": "a run was stopped"}.get(self.status, "a run failed")
        if self.output.get("result") == "No file.":
            return "no raw file came" if "scheduled_at" in self.given else None
        return "published with warnings" if self.output.get("warnings") else None


def _json_object(text: str | None) -> dict[str, Any]:
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _run_date(execution: Execution) -> RunDate | None:
    """Return the run's date as LoadFile derives it; None where the input gives none, which is then what failed."""
    try:
        started_at = execution.given.get("scheduled_at", execution.started_at)
        time_zone = Settings.from_environment().time_zone
        return RunDate.parse(execution.given.get("run_date", RunDate.of_instant(started_at, time_zone)))
    except EtlError:
        return None


def _reason(execution: Execution) -> str:
    warnings = ", ".join(map(str, execution.output.get("warnings") or []))
    checks = f"Checks that did not pass: {warnings}. The report shows what they found." if warnings else ""
    return "\n".join(filter(None, [execution.error, execution.cause, checks]))


def _repair(execution: Execution, stage: str, run_date: RunDate | None) -> Sequence[str]:
    """Return what the run has kept, and the commands that open it, resume it and run it again."""
    paragraphs = []
    if run_date is not None:
        name = execution.name
        paragraphs.append(_kept(run_date, name))
        command = f"etl lab --run {run_date.compact} --execution {name} --stage {stage} --region {execution.region}"
        paragraphs.append(f"Look into it, read-only:\n  .venv/bin/{command}")
    if execution.status != "SUCCEEDED":
        command = f"redrive-execution --region {execution.region} --execution-arn {execution.arn}"
        paragraphs.append(
            f"Resume it at the state that failed, once the cause is mended:\n  aws stepfunctions {command}"
        )
    data = shlex.quote("DATA=" + json.dumps(_repeated(execution.given, run_date), ensure_ascii=False))
    command = f"make invoke STAGE={stage} REGION={execution.region} {data}"
    return [*paragraphs, f"Run the day again from the beginning:\n  {command}"]


def _repeated(given: dict[str, Any], run_date: RunDate | None) -> dict[str, Any]:
    """Return the input that makes the same day again, whenever it is started."""
    dated = {} if run_date is None else {"run_date": str(run_date)}
    return {name: value for name, value in given.items() if name != "scheduled_at"} | dated


def _kept(run_date: RunDate, name: str) -> str:
    """Return the addresses of the executed notebooks and the report of the run."""
    try:
        prefix = run_prefix(run_date, name)  # refused where the name can be no run's: LoadFile then refused it too
        bucket = Settings.from_environment().analytics_bucket_name
        keys = [key for key in list_keys(bucket, prefix) if key.endswith((".ipynb", ".html"))]
    except EtlError as error:
        return f"What the run has kept could not be listed ({type(error).__name__})."
    return "\n".join(["The run has kept:", *(f"  s3://{bucket}/{key}" for key in keys)]) if keys else ""
