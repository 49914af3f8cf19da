"""``etl lab``: JupyterLab on the sample, on anyone's files, or on a run that was kept, here or in a deployed stage."""

from __future__ import annotations

import argparse
import contextlib
import functools
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from etl.cli import option_types
from etl.cli.console_progress import printer, show_steps
from etl.cli.jupyter_server import serve
from etl.cli.lab_folder import make_folder, opened_first
from etl.cli.local_pipeline import LocalPipeline, local_pipeline
from etl.cli.up_command import sample_pipeline
from etl.errors import MissingObjectError, RawFileError
from etl.runs import run_store
from etl.runs.input_record import NOTE, noted_input
from etl.runs.layout import run_prefix
from etl.runs.notebook_parameters import executed_parameters
from etl.runs.provenance import ROOT
from etl.settings import DEFAULT_S3_OBJECT_KEY
from etl.storage.devices_file import read_devices_file
from etl.storage.object_store import list_keys
from etl.storage.read_only import VARIABLE
from etl.storage.stage_resources import DEFAULT_REGION, stage_resources

# what CheckOutput leaves: it is made anew, by the code of today
MADE_LAST = ("manifest", "report")

DESCRIPTION = """\
Open JupyterLab: on the sample, on your own files, or on a run that was kept.

Without options, the embedded AWS holds the sample, and the notebooks of this project are opened as they are. Otherwise
copies are opened, in a folder of their own below DIR/lab/, which stays when JupyterLab ends.
"""
EPILOG = """\
examples:
  etl lab                                              the sample
  etl lab --raw events.json --devices devices.json     your own files: the pipeline runs on them once
  etl lab --run 20210323                               the newest run of that day in out/, on the input that it had
  etl lab --run 20210323 --stage prod                  last night's failure on AWS; nothing there can be written

Exit code: 0 done, 1 data or run error, 2 wrong usage, 130 interrupted while it starts. Ctrl-C ends it.
"""


def add_lab(commands: Any) -> None:
    """Add the command to those of ``etl``, what `argparse` calls subparsers."""
    parser = commands.add_parser(
        "lab",
        help="open JupyterLab on the sample, on your own files, or on a run",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    files = parser.add_argument_group("your own files")
    files.add_argument("--raw", type=Path, metavar="FILE", help="raw events, JSON or JSON Lines, plain or gzip")
    files.add_argument(
        "--devices",
        type=Path,
        metavar="FILE",
        help="device table: a JSON list of items, or what 'aws dynamodb scan' prints",
    )
    files.add_argument(
        "--run-date",
        type=option_types.date,
        metavar="YYYY-MM-DD",
        help="date of the run (default: today in Asia/Tokyo)",
    )
    kept = parser.add_argument_group(
        "a run that was kept", "--raw and --devices then say where its files lie, if they were moved."
    )
    kept.add_argument("--run", type=option_types.day, metavar="YYYYMMDD", help="its day")
    kept.add_argument("--execution", metavar="NAME", help="its name (default: the newest of that day)")
    kept.add_argument("--stage", metavar="STAGE", help="look in this deployed stage instead of DIR; only reads")
    kept.add_argument("--region", metavar="REGION", help=f"region of the stage (default: {DEFAULT_REGION})")
    parser.add_argument(
        "--out",
        type=option_types.folder,
        default=Path("out"),
        metavar="DIR",
        help="where 'etl run' left its runs, and where copies go, into DIR/lab/ (default: out)",
    )
    parser.add_argument("--notebook", metavar="NAME", help="what to open first, such as explore.ipynb")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    parser.set_defaults(command=functools.partial(lab, wrong_usage=parser.error))


def lab(options: argparse.Namespace, *, wrong_usage: Callable[[str], object]) -> int:
    """Open JupyterLab on what the options say; `wrong_usage` ends the program with a message."""
    if problem := _contradiction(options):
        wrong_usage(problem)
    if options.stage:
        return _stage_run(options)
    if options.run:
        return _kept_run(options)
    if options.raw:
        return _own_files(options)
    with sample_pipeline():
        notebook = Path(options.notebook or "02_join.ipynb").name
        return serve(ROOT, f"notebooks/{notebook}", browser=not options.no_browser)


def _contradiction(options: argparse.Namespace) -> str | None:
    """Return what is wrong with the options together, the first of it."""
    given = {
        name for name in ("raw", "devices", "run_date", "run", "execution", "stage", "region") if vars(options)[name]
    }
    rules = (
        ({"run", "run_date"} <= given, "--run-date: a run that was kept has its own; leave it out"),
        ("execution" in given and "run" not in given, "--execution: say which day it is, too: --run YYYYMMDD"),
        ("stage" in given and "run" not in given, "--stage: say which day it is, too: --run YYYYMMDD"),
        ("stage" in given and given & {"raw", "devices"}, "--raw, --devices: a run of a stage reads from the stage"),
        ("region" in given and "stage" not in given, "--region: goes with --stage"),
        ("run" not in given and "raw" in given and "devices" not in given, "--raw needs --devices, too"),
        ("run" not in given and "devices" in given and "raw" not in given, "--devices needs --raw, too"),
        ("run_date" in given and "raw" not in given, "--run-date: goes with --raw; the sample has its own"),
    )
    return next((problem for is_wrong, problem in rules if is_wrong), None)


def _own_files(options: argparse.Namespace) -> int:
    """Run the pipeline once on the files, and open what it executed."""
    devices = read_devices_file(options.devices)
    with _opened(options.raw) as raw, local_pipeline() as pipeline:
        pipeline.load(raw=raw, s3_object_key=options.raw.name, devices=devices)
        print("Running the pipeline on your files ...", flush=True)
        given = {"s3_object_key": options.raw.name} | ({"run_date": options.run_date} if options.run_date else {})
        execution_arn = pipeline.start(given)
        ended = show_steps(pipeline, execution_arn, printer(sys.stdout))
        if not ended.succeeded:
            # that may be just what one wants to look into
            print(f"The run failed: {ended.error}: {ended.cause}", file=sys.stderr)
        execution = execution_arn.rsplit(":", 1)[1]
        bucket = pipeline.analytics_bucket_name
        day = next((key.split("/")[1] for key in list_keys(bucket, "runs/") if f"/{execution}/" in key), None)
        if day is None:
            raise MissingObjectError(f"s3://{bucket}/runs/: the run left no notebook; its error above says why.")
        run_date = option_types.day(day)
        executed = run_store.notebooks_in_bucket(bucket, run_date, execution)
        parameters = _parameters(pipeline, run_date, execution, options.raw.name)
        return _open(options, f"{day}-{execution}", executed, parameters)


def _kept_run(options: argparse.Namespace) -> int:
    """Open a run that ``etl run`` kept, on the input that it had."""
    execution = _chosen(run_store.runs_in_folder(options.out), options, str(options.out / "runs"))
    prefix = run_prefix(options.run, execution)
    folder = options.out / prefix
    raw, devices = noted_input(folder, raw=options.raw, devices=options.devices)
    executed = run_store.notebooks_in_folder(folder)
    items = read_devices_file(devices)
    print("Starting the embedded AWS with what the run read ...", flush=True)
    with contextlib.ExitStack() as stack:
        pipeline = stack.enter_context(local_pipeline())
        key = _raw_key(executed, raw)
        pipeline.load(raw=stack.enter_context(raw.open("rb")) if raw else None, s3_object_key=key, devices=items)
        pipeline.restore(
            prefix,
            [path for path in folder.iterdir() if path.name != NOTE and not path.name.startswith(MADE_LAST)],
        )
        parameters = _parameters(pipeline, options.run, execution, key)
        return _open(options, f"{options.run.replace('-', '')}-{execution}", executed, parameters)


def _stage_run(options: argparse.Namespace) -> int:
    """Open a run of a deployed stage; kernels talk to that stage, and only read."""
    region = options.region or DEFAULT_REGION
    with _environment({"AWS_REGION": region, "AWS_DEFAULT_REGION": region, VARIABLE: "1"}):
        resources = stage_resources(options.stage)
        bucket = resources.analytics_bucket_name
        execution = _chosen(run_store.runs_in_bucket(bucket), options, f"s3://{bucket}/runs/")
        executed = run_store.notebooks_in_bucket(bucket, options.run, execution)
        parameters = vars(resources) | {"run_date": options.run, "execution": execution}
        print(
            f"Stage {options.stage} in {region}: the notebooks read from it with your credentials. Cells that would "
            "write end in a ReadOnlyError; nothing of the stage is changed.",
            flush=True,
        )
        name = f"{options.stage}-{options.run.replace('-', '')}-{execution}"
        return _open(options, name, executed, parameters)


def _chosen(runs: run_store.Runs, options: argparse.Namespace, where: str) -> str:
    execution = run_store.chosen_execution(runs, run_date=options.run, execution=options.execution, where=where)
    others = len(runs[options.run.replace("-", "")]) - 1
    also = f" ({others} more of that day; --execution NAME opens another)" if others else ""
    print(f"Run {options.run}, execution {execution}{also}", flush=True)
    return execution


def _open(options: argparse.Namespace, name: str, executed: Mapping[str, bytes], parameters: Mapping[str, Any]) -> int:
    folder = options.out / "lab" / name
    if make_folder(folder, executed, parameters):
        print(f"Copies of the notebooks: {folder}/   they stay when JupyterLab ends", flush=True)
    else:
        print(f"Your copies of before: {folder}/   as you left them; delete the folder to start anew", flush=True)
    first = Path(options.notebook).name if options.notebook else opened_first(executed)
    try:
        return serve(folder.absolute(), first, browser=not options.no_browser)
    finally:
        print(f"Your notebooks are in {folder}/", flush=True)


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise RawFileError(f"{path}: cannot be read ({error.strerror}); expected a readable file.") from None


def _raw_key(executed: Mapping[str, bytes], raw: Path | None) -> str:
    """Return the key under which the run found its raw file, however the file is called by now."""
    keys = [executed_parameters(notebook).get("s3_object_key") for notebook in executed.values()]
    return str(next(filter(None, keys), raw.name if raw else DEFAULT_S3_OBJECT_KEY))


def _parameters(pipeline: LocalPipeline, run_date: str, execution: str, key: str) -> dict[str, Any]:
    """Return the parameters of a run in the embedded AWS, for the notebooks that it did not execute."""
    return {
        "raw_bucket_name": pipeline.raw_bucket_name,
        "analytics_bucket_name": pipeline.analytics_bucket_name,
        "devices_table_name": pipeline.devices_table_name,
        "s3_object_key": key,
        "run_date": run_date,
        "execution": execution,
    }


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables for this process, and for what it starts, while the block lasts."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
