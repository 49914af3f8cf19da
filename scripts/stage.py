"""Deploy, invoke, read the logs of, or remove a stage on AWS.

First the stage's name, the credentials and the account are checked (ACCOUNT=... in the call, or typed when asked), then
the packages are built, then AWS is changed.
"""

from __future__ import annotations

import argparse
import sys

import package
from etl.errors import EtlError
from osls import RESOURCES, SERVICE, OslsError, install_osls, osls
from stages.access import StageAccess, StageError, add_stage_options, confirm_account, sign_in
from stages.execution import ExecutionError, execution_input, run_once


def main() -> int:
    """Run the action that the arguments name; return the exit code."""
    options = _parser().parse_args()
    commands = {"deploy": deploy, "invoke": invoke, "logs": logs, "remove": remove}
    try:
        access = sign_in(options.stage, options.region, action=options.action)
        confirm_account(access, options.action, account=options.account)
        commands[options.action](access, options)
    except (StageError, OslsError, ExecutionError, EtlError) as error:
        print(f"make {options.action}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def deploy(access: StageAccess, _options: argparse.Namespace) -> None:
    """Build, and deploy both stacks, first the one with the resources that outlive a deploy."""
    install_osls()
    if package.main([]):
        raise StageError("the packages were not built; nothing was deployed.")
    for config in (RESOURCES, SERVICE):
        print(f"Deploying {config} ...", flush=True)
        print(_osls(access, "deploy", config=config), end="")


def invoke(access: StageAccess, options: argparse.Namespace) -> None:
    """Run the state machine once and wait for its end."""
    data = execution_input(options.data)
    run_once(access.arn_of("states", f"stateMachine:BatchStateMachine-{access.stage}"), data, stage=access.stage)


def logs(access: StageAccess, options: argparse.Namespace) -> None:
    """Show the last day's log of one function."""
    install_osls()
    print(_osls(access, "logs", "--function", options.function, "--startTime", "1d"), end="")


def remove(access: StageAccess, _options: argparse.Namespace) -> None:
    """Remove functions and state machine; the table and the buckets stay, with all that is in them."""
    install_osls()
    print(_osls(access, "remove"), end="")
    print("Kept: the device table and the buckets (stack device-operation-history-resources).")


def _osls(access: StageAccess, *arguments: str, config: str = SERVICE) -> str:
    return osls(
        *arguments,
        config=config,
        stage=access.stage,
        region=access.region,
        environment=access.osls_environment(),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["deploy", "invoke", "logs", "remove"])
    add_stage_options(parser)
    parser.add_argument("--data", default="", help="invoke: execution input, JSON")
    parser.add_argument("--function", default="data_join", help="logs: which function (default: data_join)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
