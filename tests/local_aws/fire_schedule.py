"""Fire a deployed schedule once, because moto skips EventBridge Scheduler: ``python fire_schedule.py --help``.

Reads the template's ``AWS::Scheduler::Schedule`` and starts its target with its input, as EventBridge Scheduler would
at that time; prints the execution's ARN. Exit status: 0 started, 1 not started (one line on stderr), 2 wrong usage.
"""

import argparse
import datetime as dt
import os
import re
import sys
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from local_aws import LocalAwsError
from local_aws.clients import ClientFactory
from local_aws.cloudformation.deployed_stacks import DeployedStack, DeployedStacks
from local_aws.environment import ACCOUNT_ID, is_loopback

_SCHEDULE = "AWS::Scheduler::Schedule"
_STATE_MACHINE = re.compile(r"arn:[^:]+:states:[^:]+:\d{12}:stateMachine:[^:]+(:[^:]+)?")


class ScheduleError(LocalAwsError):
    """A deployed schedule cannot be fired: it does not exist, is disabled, or its target is no state machine."""


@dataclass(frozen=True)
class Schedule:
    """A deployed schedule, references resolved; `input` still has Scheduler's context attributes."""

    logical_id: str
    arn: str
    is_enabled: bool
    target_arn: str
    input: str

    def input_at(self, scheduled_at: dt.datetime, execution_id: str, attempt: int = 1) -> str:
        """Return the input of one invocation; `scheduled_at` has a time zone and is sent in UTC, as Scheduler does.

        See https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html.
        """
        values = {
            "scheduled-time": scheduled_at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "schedule-arn": self.arn,
            "execution-id": execution_id,
            "attempt-number": str(attempt),
        }
        return re.sub(r"<aws\.scheduler\.([a-z-]+)>", lambda match: values.get(match[1], match[0]), self.input)


def read_schedule(stack: DeployedStack, logical_id: str | None = None) -> Schedule:
    """Return a schedule of a stack; `logical_id` is needed when there are several."""
    resources: dict[str, Any] = stack.template.get("Resources", {})
    schedules = {name: spec["Properties"] for name, spec in resources.items() if spec["Type"] == _SCHEDULE}
    if logical_id is None and len(schedules) == 1:
        logical_id = next(iter(schedules))
    if logical_id not in schedules:
        known = ", ".join(sorted(schedules)) or "none"
        chosen = logical_id or "no choice"
        raise ScheduleError(f"stack {stack.name}: found {chosen}; expected one of its schedules: {known}")
    where = f"stack {stack.name}: {logical_id}"
    declared = schedules[logical_id]
    # only the needed properties: the role and the dead-letter queue may refer to resources that moto skipped
    needed = {name: declared[name] for name in ("Name", "GroupName", "State") if name in declared}
    needed["Target"] = {name: declared["Target"][name] for name in ("Arn", "Input") if name in declared["Target"]}
    resolved = stack.intrinsics.resolve(needed, where)
    target = resolved["Target"]
    if not _STATE_MACHINE.fullmatch(str(target["Arn"])):
        raise ScheduleError(f"{where}.Target.Arn: found {target['Arn']}; expected a state machine's ARN")
    name = resolved.get("Name") or f"{stack.name}-{logical_id}"
    group = resolved.get("GroupName") or "default"
    return Schedule(
        logical_id=logical_id,
        arn=f"arn:aws:scheduler:{stack.intrinsics.region}:{ACCOUNT_ID}:schedule/{group}/{name}",
        is_enabled=resolved.get("State", "ENABLED") == "ENABLED",
        target_arn=target["Arn"],
        input=target.get("Input") or "{}",
    )


def main(arguments: list[str] | None = None) -> int:
    """Start what a schedule would start; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        print(_fire(options))  # noqa: T201 - a command line prints
    except (LocalAwsError, ClientError, BotoCoreError) as error:
        print(f"fire_schedule: {error}", file=sys.stderr)  # noqa: T201 - the same
        return 1
    return 0


def _fire(options: argparse.Namespace) -> str:
    clients = ClientFactory(options.endpoint_url, options.region)
    stack = DeployedStacks(clients.client("cloudformation"), options.region).get(options.stack)
    schedule = read_schedule(stack, options.schedule)
    if not schedule.is_enabled:
        problem = f"{options.stack}: {schedule.logical_id} is DISABLED: AWS would not fire it"
        if not options.even_if_disabled:
            raise ScheduleError(f"{problem}. Fire it with --even-if-disabled.")
        print(f"{problem}; fired all the same", file=sys.stderr)  # noqa: T201 - the same
    text = schedule.input_at(options.at or dt.datetime.now(dt.UTC), str(uuid.uuid4()))
    started = clients.client("stepfunctions").start_execution(stateMachineArn=schedule.target_arn, input=text)
    return str(started["executionArn"])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Fire a deployed schedule once, on an embedded AWS of this machine.")
    endpoint_url, region = os.environ.get("AWS_ENDPOINT_URL"), os.environ.get("AWS_REGION", "ap-northeast-1")
    parser.add_argument(
        "--endpoint-url",
        type=_loopback,
        default=endpoint_url,
        required=endpoint_url is None,
        metavar="URL",
        help="the embedded AWS (default: AWS_ENDPOINT_URL)",
    )
    parser.add_argument("--region", default=region, help="(default: AWS_REGION, else ap-northeast-1)")
    parser.add_argument("--stack", required=True, metavar="NAME", help="the deployed stack")
    parser.add_argument("--schedule", metavar="LOGICAL_ID", help="which one, if the stack has several")
    parser.add_argument(
        "--at", type=_time, metavar="TIME", help="due time, such as 2021-03-22T15:30:00Z (default: now)"
    )
    parser.add_argument("--even-if-disabled", action="store_true", help="fire a schedule that is DISABLED, too")
    return parser


def _loopback(url: str) -> str:
    if urlsplit(url).scheme != "http" or not is_loopback(urlsplit(url).hostname or ""):
        raise argparse.ArgumentTypeError(f"found {url!r}; expected a loopback address such as http://127.0.0.1:4566")
    return url


def _time(text: str) -> dt.datetime:
    expected = "expected a time with its zone, such as 2021-03-22T15:30:00Z"
    try:
        time = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"found {text!r}; {expected}") from error
    if time.tzinfo is None:
        raise argparse.ArgumentTypeError(f"found {text!r}; {expected}")
    return time


if __name__ == "__main__":
    sys.exit(main())
