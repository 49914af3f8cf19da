"""Deploy, invoke, read the logs of, or remove a stage on AWS.

Nothing is done before the stage is named and the account is confirmed: ACCOUNT=... in the call, or typed when asked.
"""

from __future__ import annotations

import argparse
import os
import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from osls import RESOURCES, OslsError, osls


class RefusedError(Exception):
    """The account is not the one that the user names, or there is no terminal to ask on."""


def main() -> int:
    """Run the action that the arguments name; return the exit code."""
    options = _parser().parse_args()
    try:
        confirm_account(options)
        commands = {"deploy": deploy, "invoke": invoke, "logs": logs, "remove": remove}
        commands[options.action](options)
    except (OslsError, RefusedError) as error:
        print(f"stage {options.action}: {error}", file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError) as error:
        print(f"stage {options.action}: AWS does not know you ({error}). Set credentials.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def confirm_account(options: argparse.Namespace) -> None:
    """Show account, region and stage, and compare the account with the one that the user names."""
    account = boto3.client("sts", region_name=options.region).get_caller_identity()["Account"]
    print(f"{options.action}: stage {options.stage}, account {account}, region {options.region}", flush=True)
    expected = options.account
    if not expected:
        if not sys.stdin.isatty():
            raise RefusedError(f"nobody to ask; confirm with ACCOUNT={account}.")
        expected = input("Type the account's number to go on: ").strip()
    if expected != account:
        raise RefusedError(f"the credentials are for account {account}, not {expected or 'that'}; nothing was done.")


def deploy(options: argparse.Namespace) -> None:
    """Deploy both stacks, first the one with the resources that outlive a deploy."""
    for config in (RESOURCES, "serverless.yml"):
        print(f"Deploying {config} ...", flush=True)
        print(_osls(options, "deploy", config=config), end="")


def invoke(options: argparse.Namespace) -> None:
    """Run the state machine once and wait for its end."""
    data = ("--data", options.data) if options.data else ()
    print(_osls(options, "invoke", "stepf", "--name", "BatchStateMachine", *data), end="")


def logs(options: argparse.Namespace) -> None:
    """Show the last day's log of one function."""
    print(_osls(options, "logs", "--function", options.function, "--startTime", "1d"), end="")


def remove(options: argparse.Namespace) -> None:
    """Remove functions and state machine; the table and the buckets stay, with all that is in them."""
    print(_osls(options, "remove"), end="")
    print("Kept: the device table and the buckets (stack device-operation-history-resources).")


def _osls(options: argparse.Namespace, *arguments: str, config: str = "serverless.yml") -> str:
    return osls(*arguments, config=config, stage=options.stage, region=options.region, environment=os.environ)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["deploy", "invoke", "logs", "remove"])
    parser.add_argument("--stage", required=True, type=_stage_name, help="dev, prod, ...; there is no default")
    parser.add_argument("--account", help="the account's number, instead of being asked for it")
    parser.add_argument("--region", default="ap-northeast-1", help="default: ap-northeast-1")
    parser.add_argument("--data", help="invoke: execution input, JSON")
    parser.add_argument("--function", default="data_join", help="logs: which function (default: data_join)")
    return parser


def _stage_name(stage: str) -> str:
    if not stage:
        raise argparse.ArgumentTypeError("name the stage: STAGE=dev")
    return stage


if __name__ == "__main__":
    sys.exit(main())
