"""``etl lab``: JupyterLab on the sample, on anyone's files, or on a past run, of ``etl run`` or of a deployed stage."""

from __future__ import annotations

import argparse
import contextlib
import functools
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from etl.cli.jupyter_server import serve
from etl.cli.lab_folder import make_folder, notebook_to_open
from etl.cli.local_files import open_raw, restore
from etl.cli.local_pipeline import local_pipeline
from etl.cli.options import add_input_options, add_out_option, compact_run_date, execution_input
from etl.cli.up_command import sample_pipeline
from etl.contract.run_date import RunDate
from etl.errors import MissingObjectError
from etl.runs import run_store
from etl.runs.input_record import recorded_files
from etl.runs.layout import INPUT_RECORD, MANIFEST, REPORT, RUNS, name_and_try, parse_key, run_prefix
from etl.runs.notebook_parameters import executed_parameters
from etl.runs.provenance import ROOT
from etl.settings import DEFAULT_S3_OBJECT_KEY
from etl.storage.devices_file import read_devices_file
from etl.storage.object_store import list_keys
from etl.storage.read_only import VARIABLE
from etl.storage.stage_resources import DEFAULT_REGION, stage_resources
from local_aws import environment_variables

# the run's own files apart from these; 03_checks makes manifest and report anew, with the code of today
NOT_RESTORED = {INPUT_RECORD, MANIFEST, REPORT}

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
    """Add the command to the subparsers of ``etl``."""
    parser = commands.add_parser(
        "lab",
        help="open JupyterLab on the sample, on your own files, or on a run",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_input_options(parser.add_argument_group("your own files"))
    past = parser.add_argument_group(
        "a run that was kept", "--raw and --devices then say where its files lie, if they were moved."
    )
    past.add_argument("--run", type=compact_run_date, metavar="YYYYMMDD", help="its day")
    past.add_argument("--execution", metavar="NAME", help="its name (default: the newest of that day)")
    past.add_argument("--stage", metavar="STAGE", help="look in this deployed stage instead of DIR; only reads")
    past.add_argument("--region", metavar="REGION", help=f"region of the stage (default: {DEFAULT_REGION})")
    add_out_option(parser, "where 'etl run' left its runs, and where copies go, into DIR/lab/")
    parser.add_argument("--notebook", metavar="NAME", help="what to open first, such as explore.ipynb")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    parser.set_defaults(command=functools.partial(lab, wrong_usage=parser.error))


def lab(options: argparse.Namespace, *, wrong_usage: Callable[[str], object]) -> int:
    """Open JupyterLab on what the options name; `wrong_usage` ends the program with a message."""
    if problem := _contradiction(options):
        wrong_usage(problem)
    if options.stage:
        return _stage_run(options)
    if options.run:
        return _past_run(options)
    if options.raw:
        return _own_files(options)
    with sample_pipeline():
        notebook = Path(options.notebook or "02_join.ipynb").name
        return serve(ROOT, f"notebooks/{notebook}", browser=not options.no_browser)


def _contradiction(options: argparse.Namespace) -> str | None:
    """Return the first rule that the options break together, or None."""
    names = {
        name for name in ("raw", "devices", "run_date", "run", "execution", "stage", "region") if vars(options)[name]
    }
    rules = (
        ({"run", "run_date"} <= names, "--run-date: a run that was kept has its own; leave it out"),
        ("execution" in names and "run" not in names, "--execution: say which day it is, too: --run YYYYMMDD"),
        ("stage" in names and "run" not in names, "--stage: say which day it is, too: --run YYYYMMDD"),
        ("stage" in names and names & {"raw", "devices"}, "--raw, --devices: a run of a stage reads from the stage"),
        ("region" in names and "stage" not in names, "--region: goes with --stage"),
        ("run" not in names and "raw" in names and "devices" not in names, "--raw needs --devices, too"),
        ("run" not in names and "devices" in names and "raw" not in names, "--devices needs --raw, too"),
        ("run_date" in names and "raw" not in names, "--run-date: goes with --raw; the sample has its own"),
    )
    return next((problem for is_wrong, problem in rules if is_wrong), None)


def _own_files(options: argparse.Namespace) -> int:
    """Run the pipeline once on the files, and open the executed notebooks."""
    devices = read_devices_file(options.devices)
    with open_raw(options.raw) as raw, local_pipeline() as pipeline:
        pipeline.load(raw=raw, s3_object_key=options.raw.name, devices=devices)
        print("Running the pipeline on your files ...", flush=True)
        execution = pipeline.start(execution_input(options))
        result = execution.show(functools.partial(print, flush=True))
        if not result.succeeded:
            # goes on: the user may want to look into the failure
            print(f"The run failed: {result.error}: {result.cause}", file=sys.stderr)
        bucket = pipeline.analytics_bucket_name
        files = filter(None, map(parse_key, list_keys(bucket, RUNS)))
        run_date = next((file.run_date for file in files if file.execution == execution.name), None)
        if run_date is None:
            raise MissingObjectError(f"s3://{bucket}/{RUNS}: the run left no notebook; its error above says why.")
        executed = run_store.notebooks_in_bucket(bucket, run_date, execution.name)
        resources = vars(pipeline) | {"s3_object_key": options.raw.name}
        return _open(options, run_date, execution.name, executed, resources)


def _past_run(options: argparse.Namespace) -> int:
    """Open a run of ``etl run``, on the files that it read."""
    execution = _find_execution(run_store.runs_in_folder(options.out), options, str(options.out / "runs"))
    prefix = run_prefix(options.run, execution)
    folder = options.out / prefix
    raw, devices = recorded_files(folder, raw=options.raw, devices=options.devices)
    executed = run_store.notebooks_in_folder(folder)
    items = read_devices_file(devices)
    print("Starting the embedded AWS with what the run read ...", flush=True)
    with contextlib.ExitStack() as stack:
        pipeline = stack.enter_context(local_pipeline())
        key = _raw_key(executed, raw)
        pipeline.load(raw=stack.enter_context(raw.open("rb")) if raw else None, s3_object_key=key, devices=items)
        paths = [path for path in folder.iterdir() if name_and_try(path.name)[0] not in NOT_RESTORED]
        restore(pipeline.analytics_bucket_name, prefix, paths)
        return _open(options, options.run, execution, executed, vars(pipeline) | {"s3_object_key": key})


def _stage_run(options: argparse.Namespace) -> int:
    """Open a run of a deployed stage; the kernels read from that stage, and cannot write to it."""
    region = options.region or DEFAULT_REGION
    with environment_variables({"AWS_REGION": region, "AWS_DEFAULT_REGION": region, VARIABLE: "1"}):
        resources = stage_resources(options.stage)
        bucket = resources.analytics_bucket_name
        execution = _find_execution(run_store.runs_in_bucket(bucket), options, f"s3://{bucket}/{RUNS}")
        executed = run_store.notebooks_in_bucket(bucket, options.run, execution)
        print(
            f"Stage {options.stage} in {region}: the notebooks read from it with your credentials. Cells that would "
            "write end in a ReadOnlyError; nothing of the stage is changed.",
            flush=True,
        )
        return _open(options, options.run, execution, executed, vars(resources))


def _find_execution(runs: run_store.Runs, options: argparse.Namespace, where: str) -> str:
    execution = run_store.find_execution(runs, run_date=options.run, execution=options.execution, where=where)
    n_others = len(runs[options.run]) - 1
    others = f" ({n_others} more of that day; --execution NAME opens another)" if n_others else ""
    print(f"Run {options.run}, execution {execution}{others}", flush=True)
    return execution


def _open(
    options: argparse.Namespace,
    run_date: RunDate,
    execution: str,
    executed: Mapping[str, bytes],
    resources: Mapping[str, Any],
) -> int:
    """Open copies of a run's notebooks; `resources` are parameters for those that the run did not execute."""
    parameters = {**resources, "run_date": str(run_date), "execution": execution}
    folder = options.out / "lab" / "-".join(filter(None, (options.stage, run_date.compact, execution)))
    if make_folder(folder, executed, parameters):
        print(f"Copies of the notebooks: {folder}/   they stay when JupyterLab ends", flush=True)
    else:
        print(f"Your copies of before: {folder}/   as you left them; delete the folder to start anew", flush=True)
    notebook = Path(options.notebook).name if options.notebook else notebook_to_open(executed)
    try:
        return serve(folder.absolute(), notebook, browser=not options.no_browser)
    finally:
        print(f"Your notebooks are in {folder}/", flush=True)


def _raw_key(executed: Mapping[str, bytes], raw: Path | None) -> str:
    """Return the key of the raw file in the run; the local file may have another name by now."""
    keys = [executed_parameters(notebook).get("s3_object_key") for notebook in executed.values()]
    return str(next(filter(None, keys), raw.name if raw else DEFAULT_S3_OBJECT_KEY))
