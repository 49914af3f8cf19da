"""The command line: ``etl run`` on anyone's files, ``etl lab`` for analysts, ``etl up`` for everything else."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import NoReturn

from etl.devices_file import read_devices_file
from etl.errors import EtlError
from etl.exit_codes import DONE, FAILED, INTERRUPTED, USAGE
from etl.local_pipeline import LocalPipeline, local_pipeline
from etl.provenance import ROOT
from etl.run_command import add_run
from etl.step_lines import printer, show_steps
from local_aws import LocalAwsError

SAMPLE_RAW = ROOT / "sample" / "devices-raw-data.json"
SAMPLE_DEVICES = ROOT / "sample" / "devices.json"
SAMPLE_RUN_DATE = "2021-03-23"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0 done, 1 data or run error, 2 wrong usage, 130 interrupted."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if not options.name:
        parser.print_help(sys.stderr)
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


def up(_options: argparse.Namespace) -> int:
    """Keep the embedded AWS with the pipeline and the sample running until Ctrl-C."""
    with _sample_pipeline() as pipeline:
        print("\nIn another shell, to talk to it:\n")
        for name, value in pipeline.aws.environment().items():
            print(f"  export {name}={value}")
        print("\nCtrl-C stops it; what was written to it is gone then.", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()
    return DONE


def lab(options: argparse.Namespace) -> int:
    """Open JupyterLab against the embedded AWS with the sample loaded."""
    with _sample_pipeline():
        # on the loopback interface and with a token, which are its defaults; said here so that no setting changes them
        command = [
            sys.executable,
            "-m",
            "jupyterlab",
            "--ServerApp.ip=127.0.0.1",
            "--ServerApp.answer_yes=True",
            "--log-level=WARN",
        ]
        command += [f"--ServerApp.root_dir={ROOT}", f"--LabApp.default_url=/lab/tree/{options.notebook}"]
        # in a container people are root; JupyterLab would refuse them
        command += ["--allow-root"] * (os.geteuid() == 0)
        # Ctrl-C reaches JupyterLab too, which then shuts its kernels down; we wait for that
        with subprocess.Popen(command + ["--no-browser"] * options.no_browser) as server:
            try:
                with _ignored(signal.SIGINT):
                    return server.wait()
            finally:
                server.terminate()


@contextlib.contextmanager
def _sample_pipeline() -> Iterator[LocalPipeline]:
    """Yield a pipeline that holds the sample and has run once on it, as the notebooks' parameters expect."""
    print("Starting the embedded AWS with the pipeline and the sample ...", flush=True)
    with local_pipeline() as pipeline, SAMPLE_RAW.open("rb") as raw:
        pipeline.load(raw=raw, s3_object_key=SAMPLE_RAW.name, devices=read_devices_file(SAMPLE_DEVICES))
        ended = show_steps(pipeline, pipeline.start({"run_date": SAMPLE_RUN_DATE}, name="sample"), printer(sys.stdout))
        if not ended.succeeded:
            # an analyst may have come to look into just that
            print(f"The run on the sample failed: {ended.error}: {ended.cause}", file=sys.stderr)
        yield pipeline


@contextlib.contextmanager
def _ignored(number: signal.Signals) -> Iterator[None]:
    before = signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(number, before)


def _terminated(_number: int, _frame: FrameType | None) -> NoReturn:
    """End as Ctrl-C does, so that whatever was started is stopped."""
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="etl", description="Join device events with the device table, in the pipeline as it is deployed."
    )
    commands = parser.add_subparsers(dest="name", metavar="COMMAND")

    add_run(commands)

    two = commands.add_parser("lab", help="open JupyterLab against the embedded AWS with the sample loaded")
    two.add_argument("--no-browser", action="store_true", help="only print the address")
    two.add_argument("--notebook", default="notebooks/02_join.ipynb", metavar="PATH", help="what to open first")
    two.set_defaults(command=lab)

    three = commands.add_parser("up", help="keep the embedded AWS with the pipeline and the sample running")
    three.set_defaults(command=up)
    return parser
