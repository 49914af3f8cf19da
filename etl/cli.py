"""The command line: ``etl run`` on anyone's files, ``etl lab`` for analysts, ``etl up`` for everything else."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, TextIO

from etl.devices_file import read_devices_file
from etl.errors import EtlError, RawFileError
from etl.local_pipeline import LocalPipeline, local_pipeline
from etl.progress import Outcome
from etl.provenance import ROOT
from etl.settings import checked_run_date
from etl.verdict import finding_lines
from local_aws import LocalAwsError

DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
SAMPLE_RAW = ROOT / "sample" / "devices-raw-data.json"
SAMPLE_DEVICES = ROOT / "sample" / "devices.json"
SAMPLE_RUN_DATE = "2021-03-23"
SHOWN_ROWS = 10


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


def run(options: argparse.Namespace) -> int:
    """Run the whole pipeline on local files and mirror what it wrote."""
    devices = read_devices_file(options.devices)
    say = _printer(sys.stderr if options.json else sys.stdout)
    environment = {} if options.max_quarantine is None else {"ETL_MAX_QUARANTINE": str(options.max_quarantine)}
    started = time.monotonic()
    say("Starting the embedded AWS and deploying the pipeline to it ...")
    with local_pipeline(environment=environment) as pipeline, _raw_file(options.raw) as raw:
        pipeline.load(raw=raw, s3_object_key=options.raw.name, devices=devices)
        say(f"  ready            {time.monotonic() - started:6.1f} s")
        execution_input = {"s3_object_key": options.raw.name}
        if options.run_date:
            execution_input["run_date"] = options.run_date
        ended = _follow(pipeline, pipeline.start(execution_input), say)
        pipeline.mirror("runs/", options.out)
        if not ended.succeeded:
            cause = ended.cause.replace(f"s3://{pipeline.analytics_bucket_name}/", f"{options.out}/")
            cause = cause.replace(f"s3://{pipeline.raw_bucket_name}/{options.raw.name}", str(options.raw))
            print(f"etl run: {ended.error}: {cause}", file=sys.stderr)
            return FAILED
        if ended.output["result"] == "No file.":
            say(f"No file: {options.raw} does not exist, so there is nothing to join. Nothing was published.")
            if options.json:
                print(json.dumps(ended.output, ensure_ascii=False))
            return DONE
        pipeline.mirror(ended.output["output"]["published_key"], options.out)
    _report(ended, options, say)
    return DONE


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


def _follow(pipeline: LocalPipeline, execution_arn: str, say: Callable[[str], None]) -> Outcome:
    say(f"Execution {execution_arn.rsplit(':', 1)[1]}")
    for step in pipeline.follow(execution_arn):
        retried = f"   {step.retried_after}; trying again" if step.retried_after else ""
        say(f"  {step.name:<16} {step.seconds:6.1f} s{retried}")
    return pipeline.outcome(execution_arn)


def _report(ended: Outcome, options: argparse.Namespace, say: Callable[[str], None]) -> None:
    output, rows = ended.output["output"], ended.output["rows"]
    published, run_folder = options.out / output["published_key"], options.out / Path(output["key"]).parent
    say(
        f"Success: {rows['read']:,} records read, {rows['quarantined']:,} quarantined, "
        f"{rows['written']:,} rows written "
        f"({rows['matched']:,} events matched, {rows['unmatched']:,} without an owner)."
    )
    if options.json:
        print((run_folder / "manifest.json").read_text(encoding="utf-8"), end="")
        return
    say("")
    with published.open(encoding="utf-8-sig") as lines:
        for line in itertools.islice(lines, SHOWN_ROWS + 1):
            say(f"  {line.rstrip()}")
    if rows["written"] > SHOWN_ROWS:
        say(f"  ... and {rows['written'] - SHOWN_ROWS:,} more rows")
    say("")
    say_findings(run_folder, say)
    say(f"{published}   the history")
    say(f"{run_folder}/   executed notebooks, manifest.json")


def say_findings(run_folder: Path, say: Callable[[str], None]) -> None:
    """Say how many checks of a run passed, and what the others found, from the manifest in its folder."""
    checks = json.loads((run_folder / "manifest.json").read_text(encoding="utf-8"))["checks"]
    for line in finding_lines(checks):
        say(line)
    say("")


@contextlib.contextmanager
def _sample_pipeline() -> Iterator[LocalPipeline]:
    """Yield a pipeline that holds the sample and has run once on it, as the notebooks' parameters expect."""
    print("Starting the embedded AWS with the pipeline and the sample ...", flush=True)
    with local_pipeline() as pipeline, SAMPLE_RAW.open("rb") as raw:
        pipeline.load(raw=raw, s3_object_key=SAMPLE_RAW.name, devices=read_devices_file(SAMPLE_DEVICES))
        ended = _follow(pipeline, pipeline.start({"run_date": SAMPLE_RUN_DATE}, name="sample"), _printer(sys.stdout))
        if not ended.succeeded:
            # an analyst may have come to look into just that
            print(f"The run on the sample failed: {ended.error}: {ended.cause}", file=sys.stderr)
        yield pipeline


@contextlib.contextmanager
def _raw_file(path: Path) -> Iterator[Any]:
    """Yield the open raw file, or None if there is none; anything else in its place is an error."""
    try:
        raw = path.open("rb")
    except FileNotFoundError:
        yield None
        return
    except OSError as error:
        raise RawFileError(f"{path}: cannot be read ({error.strerror}); expected a readable file.") from None
    with raw:
        yield raw


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


def _printer(stream: TextIO) -> Callable[[str], None]:
    return lambda line: print(line, file=stream, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="etl", description="Join device events with the device table, in the pipeline as it is deployed."
    )
    commands = parser.add_subparsers(dest="name", metavar="COMMAND")

    one = commands.add_parser(
        "run",
        help="run the pipeline on your own files",
        description="Run the whole pipeline on your own files: real functions and state machine, in an embedded AWS.",
        epilog="Exit code: 0 done (also without a raw file), 1 data or run error, 2 wrong usage, 130 interrupted.",
    )
    one.add_argument(
        "--raw", type=Path, required=True, metavar="FILE", help="raw events, JSON or JSON Lines, plain or gzip"
    )
    one.add_argument(
        "--devices",
        type=Path,
        required=True,
        metavar="FILE",
        help="device table: a JSON list of items, or what 'aws dynamodb scan' prints",
    )
    one.add_argument(
        "--run-date", type=_date, metavar="YYYY-MM-DD", help="date of the run (default: today in Asia/Tokyo)"
    )
    one.add_argument(
        "--out",
        type=_folder,
        default=Path("out"),
        metavar="DIR",
        help="folder that mirrors the analytics bucket (default: out)",
    )
    one.add_argument(
        "--max-quarantine",
        type=_share,
        metavar="SHARE",
        help="largest share of records, 0 to 1, that may break the contract (default: 0.05)",
    )
    one.add_argument("--json", action="store_true", help="print the manifest to stdout, progress to stderr")
    one.set_defaults(command=run)

    two = commands.add_parser("lab", help="open JupyterLab against the embedded AWS with the sample loaded")
    two.add_argument("--no-browser", action="store_true", help="only print the address")
    two.add_argument("--notebook", default="notebooks/02_join.ipynb", metavar="PATH", help="what to open first")
    two.set_defaults(command=lab)

    three = commands.add_parser("up", help="keep the embedded AWS with the pipeline and the sample running")
    three.set_defaults(command=up)
    return parser


def _date(text: str) -> str:
    try:
        return checked_run_date(text)
    except EtlError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"found {text!r}; expected a share from 0 to 1, such as 0.05")
    return share


def _folder(text: str) -> Path:
    path = Path(text)
    existing = next(parent for parent in (path, *path.absolute().parents) if parent.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        raise argparse.ArgumentTypeError(f"{existing} is not a folder that can be written to")
    return path
