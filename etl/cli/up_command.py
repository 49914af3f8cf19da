"""``etl up``: the pipeline and the sample in an embedded AWS, for any AWS client."""

from __future__ import annotations

import argparse
import contextlib
import functools
import signal
import sys
from collections.abc import Iterator
from typing import Any

from etl.cli import DONE
from etl.cli.local_pipeline import LocalPipeline, local_pipeline
from etl.cli.sample import SAMPLE_RUN_DATE, load_sample


def add_up(commands: Any) -> None:
    """Add the command to the subparsers of ``etl``."""
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
    """Yield a pipeline with the sample after one run on it, which the notebooks' default parameters name."""
    print("Starting the embedded AWS with the pipeline and the sample ...", flush=True)
    with local_pipeline() as pipeline:
        load_sample(pipeline)
        execution = pipeline.start({"run_date": SAMPLE_RUN_DATE}, name="sample")
        result = execution.show(functools.partial(print, flush=True))
        if not result.succeeded:
            # goes on: an analyst may want to look into the failure
            print(f"The run on the sample failed: {result.error}: {result.cause}", file=sys.stderr)
        yield pipeline
