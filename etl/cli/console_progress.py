"""Tell of an execution, a line for each state, as it happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO

from etl.cli.execution_history import Outcome
from etl.cli.local_pipeline import LocalPipeline


def show_steps(pipeline: LocalPipeline, execution_arn: str, say: Callable[[str], None]) -> Outcome:
    """Say each state as the execution leaves it, and return how it ended."""
    say(f"Execution {execution_arn.rsplit(':', 1)[1]}")
    for step in pipeline.follow(execution_arn):
        retried = f"   {step.retried_after}; trying again" if step.retried_after else ""
        say(f"  {step.name:<16} {step.seconds:6.1f} s{retried}")
    return pipeline.outcome(execution_arn)


def printer(stream: TextIO) -> Callable[[str], None]:
    """Return a function that prints a line to a stream at once."""
    return lambda line: print(line, file=stream, flush=True)
