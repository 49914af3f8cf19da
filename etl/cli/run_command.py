"""``etl run``: the whole pipeline on anyone's files."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import sys
import time
import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from etl.checks.check import Check
from etl.cli import option_types
from etl.cli.console_progress import printer, show_steps
from etl.cli.execution_history import Outcome
from etl.cli.exit_codes import DONE, FAILED
from etl.cli.local_pipeline import local_pipeline
from etl.display.check_tables import finding_lines
from etl.errors import RawFileError
from etl.runs.input_record import described_input, note_input
from etl.storage.devices_file import read_devices_file

SHOWN_ROWS = 10


def add_run(commands: Any) -> None:
    """Add the command to those of ``etl``, what `argparse` calls subparsers."""
    parser = commands.add_parser(
        "run",
        help="run the pipeline on your own files",
        description="Run the whole pipeline on your own files: real functions and state machine, in an embedded AWS.",
        epilog="Exit code: 0 done (also without a raw file), 1 data or run error, 2 wrong usage, 130 interrupted.",
    )
    parser.add_argument(
        "--raw", type=Path, required=True, metavar="FILE", help="raw events, JSON or JSON Lines, plain or gzip"
    )
    parser.add_argument(
        "--devices",
        type=Path,
        required=True,
        metavar="FILE",
        help="device table: a JSON list of items, or what 'aws dynamodb scan' prints",
    )
    parser.add_argument(
        "--run-date",
        type=option_types.date,
        metavar="YYYY-MM-DD",
        help="date of the run (default: today in Asia/Tokyo)",
    )
    parser.add_argument(
        "--out",
        type=option_types.folder,
        default=Path("out"),
        metavar="DIR",
        help="folder that mirrors the analytics bucket (default: out)",
    )
    parser.add_argument(
        "--max-quarantine",
        type=option_types.share,
        metavar="SHARE",
        help="largest share of records, 0 to 1, that may break the contract (default: 0.05)",
    )
    parser.add_argument("--open", action="store_true", help="open the report in the browser, also when the run failed")
    parser.add_argument("--json", action="store_true", help="print the manifest to stdout, progress to stderr")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Run the whole pipeline on local files and mirror what it wrote."""
    devices = read_devices_file(options.devices)
    say = printer(sys.stderr if options.json else sys.stdout)
    environment = {} if options.max_quarantine is None else {"ETL_MAX_QUARANTINE": str(options.max_quarantine)}
    started = time.monotonic()
    say("Starting the embedded AWS and deploying the pipeline to it ...")
    with local_pipeline(environment=environment) as pipeline, _raw_file(options.raw) as raw:
        read = described_input(raw=options.raw, devices=options.devices)
        pipeline.load(raw=raw, s3_object_key=options.raw.name, devices=devices)
        say(f"  ready            {time.monotonic() - started:6.1f} s")
        execution_input = {"s3_object_key": options.raw.name}
        if options.run_date:
            execution_input["run_date"] = options.run_date
        execution_arn = pipeline.start(execution_input)
        ended = show_steps(pipeline, execution_arn, say)
        pipeline.mirror("runs/", options.out)
        for folder in options.out.glob(f"runs/*/{execution_arn.rsplit(':', 1)[1]}"):
            note_input(folder, read)
        report = _newest_report(options.out, execution_arn.rsplit(":", 1)[1])
        if not ended.succeeded:
            cause = ended.cause.replace(f"s3://{pipeline.analytics_bucket_name}/", f"{options.out}/")
            cause = cause.replace(f"s3://{pipeline.raw_bucket_name}/{options.raw.name}", str(options.raw))
            print(f"etl run: {ended.error}: {cause}", file=sys.stderr)
        elif ended.output["result"] == "No file.":
            say(f"No file: {options.raw} does not exist, so there is nothing to join. Nothing was published.")
            if options.json:
                print(json.dumps(ended.output, ensure_ascii=False))
        else:
            pipeline.mirror(ended.output["output"]["published_key"], options.out)
            _tell(ended, options, say)
    if report:
        say(f"{report}   the report: what the checks found")
    if options.open:
        _open(report, say)
    return DONE if ended.succeeded else FAILED


def _tell(ended: Outcome, options: argparse.Namespace, say: Callable[[str], None]) -> None:
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
    manifest = json.loads((run_folder / "manifest.json").read_text(encoding="utf-8"))
    for line in finding_lines([Check(**check) for check in manifest["checks"]]):
        say(line)
    say("")
    say(f"{published}   the history")
    say(f"{run_folder}/   executed notebooks, manifest.json")


def _newest_report(out: Path, execution: str) -> Path | None:
    """Return the report of an execution's last try, or None: a run that fails before its checks has none."""
    found = out.glob(f"runs/*/{execution}/report*.html")
    return max(found, key=lambda path: (len(path.name), path.name), default=None)


def _open(report: Path | None, say: Callable[[str], None]) -> None:
    if report is None:
        say("--open: this run ended before its checks, so there is no report to open.")
    elif not webbrowser.open(report.absolute().as_uri()):
        say(f"--open: found no browser here; open {report} in one, on any machine: it is a single file.")


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
