"""``etl run``: the whole pipeline on anyone's files."""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import sys
import time
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from etl.checks.check import Check
from etl.cli import DONE, FAILED
from etl.cli.execution import ExecutionResult
from etl.cli.local_files import mirror, open_raw
from etl.cli.local_pipeline import local_pipeline
from etl.cli.options import add_input_options, add_out_option, execution_input, share
from etl.display.check_tables import finding_lines
from etl.runs.input_record import make_input_record, write_input_record
from etl.runs.layout import MANIFEST, REPORT, RUNS, name_and_try, parse_key
from etl.storage.devices_file import read_devices_file

SHOWN_ROWS = 10


def add_run(commands: Any) -> None:
    """Add the command to the subparsers of ``etl``."""
    parser = commands.add_parser(
        "run",
        help="run the pipeline on your own files",
        description="Run the whole pipeline on your own files: real functions and state machine, in an embedded AWS.",
        epilog="Exit code: 0 done (also without a raw file), 1 data or run error, 2 wrong usage, 130 interrupted.",
    )
    add_input_options(parser, required=True)
    add_out_option(parser, "folder that mirrors the analytics bucket")
    parser.add_argument(
        "--max-quarantine",
        type=share,
        metavar="SHARE",
        help="largest share of records, 0 to 1, that may break the contract (default: 0.05)",
    )
    parser.add_argument("--open", action="store_true", help="open the report in the browser, also when the run failed")
    parser.add_argument("--json", action="store_true", help="print the manifest to stdout, progress to stderr")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Run the whole pipeline on local files and mirror the files of the run."""
    devices = read_devices_file(options.devices)
    print_line = functools.partial(print, file=sys.stderr if options.json else sys.stdout, flush=True)
    environment = {} if options.max_quarantine is None else {"ETL_MAX_QUARANTINE": str(options.max_quarantine)}
    started = time.monotonic()
    print_line("Starting the embedded AWS and deploying the pipeline to it ...")
    with local_pipeline(environment=environment) as pipeline, open_raw(options.raw, missing_ok=True) as raw:
        record = make_input_record(raw=options.raw, devices=options.devices)
        pipeline.load(raw=raw, s3_object_key=options.raw.name, devices=devices)
        print_line(f"  ready            {time.monotonic() - started:6.1f} s")
        execution = pipeline.start(execution_input(options))
        result = execution.show(print_line)
        keys = mirror(pipeline.analytics_bucket_name, RUNS, options.out)
        paths = [options.out / key for key in keys if (file := parse_key(key)) and file.execution == execution.name]
        for folder in {path.parent for path in paths}:
            write_input_record(folder, record)
        if not result.succeeded:
            cause = result.cause.replace(f"s3://{pipeline.analytics_bucket_name}/", f"{options.out}/")
            cause = cause.replace(f"s3://{pipeline.raw_bucket_name}/{options.raw.name}", str(options.raw))
            print(f"etl run: {result.error}: {cause}", file=sys.stderr)
        elif result.output["result"] == "No file.":
            print_line(f"No file: {options.raw} does not exist, so there is nothing to join. Nothing was published.")
            if options.json:
                print(json.dumps(result.output, ensure_ascii=False))
        else:
            mirror(pipeline.analytics_bucket_name, result.output["output"]["published_key"], options.out)
            _show_success(result, options, print_line)
    report = _newest_report(paths)
    if report:
        print_line(f"{report}   the report: what the checks found")
    if options.open:
        _open(report, print_line)
    return DONE if result.succeeded else FAILED


def _show_success(result: ExecutionResult, options: argparse.Namespace, print_line: Callable[[str], None]) -> None:
    output, rows = result.output["output"], result.output["rows"]
    published, run_folder = options.out / output["published_key"], options.out / Path(output["key"]).parent
    print_line(
        f"Success: {rows['read']:,} records read, {rows['quarantined']:,} quarantined, "
        f"{rows['written']:,} rows written "
        f"({rows['matched']:,} events matched, {rows['unmatched']:,} without an owner)."
    )
    manifest = (run_folder / MANIFEST).read_text(encoding="utf-8")
    if options.json:
        print(manifest, end="")
        return
    print_line("")
    with published.open(encoding="utf-8-sig") as lines:
        for line in itertools.islice(lines, SHOWN_ROWS + 1):
            print_line(f"  {line.rstrip()}")
    if rows["written"] > SHOWN_ROWS:
        print_line(f"  ... and {rows['written'] - SHOWN_ROWS:,} more rows")
    print_line("\n".join(["", *finding_lines([Check(**check) for check in json.loads(manifest)["checks"]]), ""]))
    print_line(f"{published}   the history")
    print_line(f"{run_folder}/   executed notebooks, {MANIFEST}")


def _newest_report(paths: list[Path]) -> Path | None:
    """Return the report of a run's last try, or None: a run that fails before its checks has no report."""
    reports = [path for path in paths if name_and_try(path.name)[0] == REPORT]
    return max(reports, key=lambda path: name_and_try(path.name)[1], default=None)


def _open(report: Path | None, print_line: Callable[[str], None]) -> None:
    if report is None:
        print_line("--open: this run ended before its checks, so there is no report to open.")
    elif not webbrowser.open(report.absolute().as_uri()):
        print_line(f"--open: found no browser here; open {report} in one, on any machine: it is a single file.")
