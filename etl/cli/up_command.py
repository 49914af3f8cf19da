"""``etl up``: the pipeline and the sample in an embedded AWS, for any AWS client."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
from collections.abc import Iterator
from typing import Any

from etl.cli.console_progress import printer, show_steps
from etl.cli.exit_codes import DONE
from etl.cli.local_pipeline import LocalPipeline, local_pipeline
from etl.cli.sample import SAMPLE_DEVICES, SAMPLE_RAW, SAMPLE_RUN_DATE
from etl.storage.devices_file import read_devices_file


def add_up(commands: Any) -> None:
    """Add the command to those of ``etl``, what `argparse` calls subparsers."""
    parser = commands.add_parser("up", help="keep the embedded AWS with the pipeline and the sample running")
    parser.set_defaults(command=up)


def up(_options: argparse.Namespace) -> int:
    """Keep the embedded AWS with the pipeline and the sample running until Ctrl-C."""
    with sample_pipeline() as pipeline:
        print("\nIn another shell, to talk to it:\n")
        for name, value in pipeline.aws.environment().items():
            print(f"  export {name}={value}")
        print("\nCtrl-C stops it; what was written to it is gone then.", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()
    return DONE


@contextlib.contextmanager
def sample_pipeline() -> Iterator[LocalPipeline]:
    """Yield a pipeline that holds the sample and has run once on it, as the notebooks' parameters expect."""
    print("Starting the embedded AWS with the pipeline and the sample ...", flush=True)
    with local_pipeline() as pipeline, SAMPLE_RAW.open("rb") as raw:
        pipeline.load(raw=raw, s3_object_key=SAMPLE_RAW.name, devices=read_devices_file(SAMPLE_DEVICES))
        ended = show_steps(pipeline, pipeline.start({"run_date": SAMPLE_RUN_DATE}, name="sample"), printer(sys.stdout))
        if not ended.succeeded:
            # an analyst may have come to look into just that
            print(f"The run on the sample failed: {ended.error}: {ended.cause}", file=sys.stderr)
        yield pipeline
