"""The command line: ``python -m layers``."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path

from layers.budget import code_bytes, size_table
from layers.build import ROOT, build_layers
from layers.errors import LayersError
from layers.target import MACHINES, PYTHONS, Target

_EPILOG = """\
base.zip has papermill, ipykernel, pandas, boto3 and powertools, report.zip matplotlib with its font and nbconvert,
arrow.zip pyarrow. A function that reports needs base and report, one that joins base and arrow; all three are too large
for Lambda. They are made of requirements/lambda.txt: wheels for Lambda, whatever this machine is, no Docker.
A second call, with nothing changed, ends at once. Needs pip's network, and a Python of the version asked for.

exit status: 0 the layers are there, 1 they could not be built (a message says why), 2 wrong usage

examples:
  python -m layers
  python -m layers --architecture arm64 --out build/layers-arm64
"""


def main(arguments: list[str] | None = None) -> int:
    """Build the layers and print their sizes; return the exit status."""
    options = _parser().parse_args(arguments)
    # as Ctrl-C: pip is stopped and the unfinished build is removed
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    began_at = time.monotonic()
    try:
        layers = build_layers(Target(options.python, options.architecture), options.out, say=_say)
    except KeyboardInterrupt:
        _say("Stopped; nothing was changed.")
        return 128 + signal.SIGINT
    except LayersError as error:
        print(error, file=sys.stderr)
        return 1
    zips = ", ".join(str(options.out / f"{layer.name}.zip") for layer in layers)
    print(f"{time.monotonic() - began_at:6.1f} s  {zips}\n")
    print(size_table(layers, own_bytes=code_bytes(ROOT)))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m layers",
        description="Build the Lambda layers from the lock.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--architecture", choices=MACHINES, default="x86_64", help="processor of the functions (default: %(default)s)"
    )
    parser.add_argument(
        "--python", choices=PYTHONS, default=PYTHONS[0], help="Python of the functions (default: %(default)s)"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("build/layers"), metavar="FOLDER", help="where to (default: %(default)s)"
    )
    return parser


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
