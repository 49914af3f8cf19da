"""Fire a deployed schedule once: ``python -m local_aws.schedule``."""

import argparse
import datetime as dt
import os
import sys
import uuid
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.clients import ClientFactory
from local_aws.cloudformation.deployed_schedules import read_schedule
from local_aws.cloudformation.deployed_stacks import DeployedStacks
from local_aws.environment import is_loopback
from local_aws.errors import LocalAwsError, ScheduleError

_EPILOG = """\
It reads the deployed template's AWS::Scheduler::Schedule, starts exactly its target with its input, as EventBridge
Scheduler would at that time, and prints the execution's ARN. It talks to an embedded AWS on this machine only.

exit status: 0 started, 1 not started (one line says why), 2 wrong usage

example:
  python -m local_aws.schedule --endpoint-url http://127.0.0.1:4566 --stack shop-dev --at 2021-03-22T15:30:00Z
"""


def main(arguments: list[str] | None = None) -> int:
    """Start what a schedule would start; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        print(_fire(options))  # noqa: T201 - the command line prints
    except (LocalAwsError, ClientError, BotoCoreError) as error:
        print(f"local_aws.schedule: {error}", file=sys.stderr)  # noqa: T201 - the command line prints
        return 1
    return 0


def _fire(options: argparse.Namespace) -> str:
    clients = ClientFactory(options.endpoint_url, options.region)
    stack = DeployedStacks(clients.client("cloudformation"), options.region).get(options.stack)
    schedule = read_schedule(stack, options.schedule)
    if not schedule.is_enabled:
        told = f"{options.stack}: {schedule.logical_id} is DISABLED"
        if not options.even_if_disabled:
            raise ScheduleError(f"{told}: AWS would not fire it. Fire it with --even-if-disabled.")
        print(f"{told}: AWS would not fire it; fired all the same", file=sys.stderr)  # noqa: T201 - the same
    text = schedule.input_at(options.at or dt.datetime.now(dt.UTC), str(uuid.uuid4()))
    started = clients.client("stepfunctions").start_execution(stateMachineArn=schedule.target_arn, input=text)
    return str(started["executionArn"])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local_aws.schedule",
        description="Fire a deployed schedule once.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
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
        "--at", type=_time, metavar="TIME", help="when it is due, such as 2021-03-22T15:30:00Z (default: now)"
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
