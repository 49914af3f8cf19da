"""Options that several commands have, and the types of their values, which are checked before anything starts."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from etl.contract.run_date import RunDate
from etl.errors import ParametersError


def add_input_options(parser: Any, *, required: bool = False) -> None:
    """Add the options that name a run's raw file, device table and date to a parser or a group of its options."""
    parser.add_argument(
        "--raw", type=Path, required=required, metavar="FILE", help="raw events, JSON or JSON Lines, plain or gzip"
    )
    parser.add_argument(
        "--devices",
        type=Path,
        required=required,
        metavar="FILE",
        help="device table: a JSON list of items, or what 'aws dynamodb scan' prints",
    )
    parser.add_argument(
        "--run-date", type=run_date, metavar="YYYY-MM-DD", help="date of the run (default: today in Asia/Tokyo)"
    )


def add_out_option(parser: Any, text: str) -> None:
    """Add the option that names the folder of runs, with its help text."""
    parser.add_argument("--out", type=folder, default=Path("out"), metavar="DIR", help=f"{text} (default: out)")


def execution_input(options: argparse.Namespace) -> dict[str, str]:
    """Return the input of an execution on the raw file and the date that the options name."""
    dated = {"run_date": str(options.run_date)} if options.run_date else {}
    return {"s3_object_key": options.raw.name} | dated


def run_date(text: str) -> RunDate:
    """Return a run date written ``YYYY-MM-DD``."""
    try:
        return RunDate.parse(text)
    except ParametersError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def compact_run_date(text: str) -> RunDate:
    """Return a run date written ``YYYYMMDD``, as the folders of runs are named, or ``YYYY-MM-DD``.

    Examples
    --------
    >>> str(compact_run_date("20210323")), str(compact_run_date("2021-03-23"))
    ('2021-03-23', '2021-03-23')
    """
    try:
        return RunDate.parse(text, allow_compact=True)
    except ParametersError:
        raise argparse.ArgumentTypeError(
            f"found {text!r:.40}; expected the date of a run, written YYYYMMDD, such as 20210323"
        ) from None


def share(text: str) -> float:
    """Return a share from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"found {text!r}; expected a share from 0 to 1, such as 0.05")
    return value


def folder(text: str) -> Path:
    """Return the path of a folder that exists and is writable, or that can be created."""
    path = Path(text)
    existing = next(parent for parent in (path, *path.absolute().parents) if parent.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        raise argparse.ArgumentTypeError(f"{existing} is not a folder that can be written to")
    return path
