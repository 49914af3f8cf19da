"""What the options of several commands mean, checked before anything starts."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from etl.errors import EtlError
from etl.settings import checked_run_date

_COMPACT_LENGTH = len("YYYYMMDD")


def date(text: str) -> str:
    """Return a date written ``YYYY-MM-DD``."""
    try:
        return checked_run_date(text)
    except EtlError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def day(text: str) -> str:
    """Return a date written ``YYYYMMDD``, as the folders of runs are called, or ``YYYY-MM-DD``, as the latter.

    Examples
    --------
    >>> day("20210323"), day("2021-03-23")
    ('2021-03-23', '2021-03-23')
    """
    is_compact = len(text) == _COMPACT_LENGTH and text.isascii() and text.isdigit()
    try:
        return checked_run_date(f"{text[:4]}-{text[4:6]}-{text[6:]}" if is_compact else text)
    except EtlError:
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
    """Return a folder that exists and can be written to, or can be made."""
    path = Path(text)
    existing = next(parent for parent in (path, *path.absolute().parents) if parent.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        raise argparse.ArgumentTypeError(f"{existing} is not a folder that can be written to")
    return path
