"""The command line: ``etl run`` on anyone's files, ``etl lab`` for analysts, ``etl up`` for everything else."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import NoReturn

from etl.cli import FAILED, INTERRUPTED, USAGE
from etl.cli.lab_command import add_lab
from etl.cli.run_command import add_run
from etl.cli.up_command import add_up
from etl.errors import EtlError
from etl.runs.provenance import ROOT
from local_aws import LocalAwsError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0 done, 1 data or run error, 2 wrong usage, 130 interrupted."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if not options.name:
        parser.print_help(sys.stderr)
        return USAGE
    if not (ROOT / "serverless.yml").exists():
        rule = "expected the project's folder, with its notebooks. Run it in a clone, after 'make setup'."
        print(
            f"etl {options.name}: not installed from a clone; found no {ROOT / 'serverless.yml'}; {rule}",
            file=sys.stderr,
        )
        return USAGE
    signal.signal(signal.SIGTERM, _terminated)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except (EtlError, LocalAwsError) as error:
        print(f"etl {options.name}: {type(error).__name__}: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print(f"etl {options.name}: interrupted; nothing was published, nothing is left running.", file=sys.stderr)
        return INTERRUPTED


def _terminated(_number: int, _frame: FrameType | None) -> NoReturn:
    """End as Ctrl-C does, so that the processes that the command started are stopped."""
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="etl", description="Join device events with the device table, in the pipeline as it is deployed."
    )
    commands = parser.add_subparsers(dest="name", metavar="COMMAND")

    add_run(commands)
    add_lab(commands)
    add_up(commands)
    return parser
