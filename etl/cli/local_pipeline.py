"""The deployed pipeline on this machine: the embedded AWS, with the functions of the working tree."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from etl.cli.execution_history import Outcome, Step, follow, outcome
from etl.runs.provenance import ROOT
from etl.storage import device_table, object_store
from local_aws import EmbeddedAws, deploy_service

STAGE = "local"


@dataclass(frozen=True)
class LocalPipeline:
    """A stage of the pipeline inside the embedded AWS.

    Attributes
    ----------
    aws
        The embedded AWS that it lives in.
    raw_bucket_name, analytics_bucket_name, devices_table_name, topic_arn, state_machine_arn
        The stage's resources.
    """

    aws: EmbeddedAws
    raw_bucket_name: str
    analytics_bucket_name: str
    devices_table_name: str
    topic_arn: str
    state_machine_arn: str

    def load(self, *, raw: BinaryIO | None, s3_object_key: str, devices: Iterable[Mapping[str, Any]]) -> None:
        """Put a raw file (None: leave it missing) and device items where the pipeline finds them."""
        if raw:
            object_store.put(self.raw_bucket_name, s3_object_key, raw)
        device_table.put_devices(self.devices_table_name, devices)

    def start(self, execution_input: Mapping[str, str], *, name: str | None = None) -> str:
        """Start an execution and return its ARN; without `name` it gets one of its own."""
        name = name or f"run-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
        answer = self._stepfunctions.start_execution(
            stateMachineArn=self.state_machine_arn, name=name, input=json.dumps(execution_input)
        )
        return str(answer["executionArn"])

    def follow(self, execution_arn: str) -> Iterator[Step]:
        """Yield each state as the execution leaves it."""
        return follow(self._stepfunctions, execution_arn)

    def outcome(self, execution_arn: str) -> Outcome:
        """Return how the execution ended."""
        return outcome(self._stepfunctions, execution_arn)

    def mirror(self, prefix: str, out: Path) -> None:
        """Copy the analytics bucket's objects below `prefix` into the folder `out`, each whole or not at all."""
        for key in object_store.list_keys(self.analytics_bucket_name, prefix):
            _replace(out / key, object_store.read(self.analytics_bucket_name, key).content)

    def restore(self, prefix: str, paths: Iterable[Path]) -> None:
        """Put the files of a run that was mirrored back into the analytics bucket, below the run's `prefix`."""
        for path in paths:
            with path.open("rb") as content:
                object_store.put(self.analytics_bucket_name, prefix + path.name, content)

    @property
    def _stepfunctions(self) -> Any:
        return self.aws.client("stepfunctions")


@contextmanager
def local_pipeline(*, environment: Mapping[str, str] | None = None) -> Iterator[LocalPipeline]:
    """Start the embedded AWS with the pipeline in it, and end both with the block.

    This process, and what it starts, talks to the embedded AWS only while the block lasts.

    Parameters
    ----------
    environment
        Variables for the functions, over those of serverless.yml.
    """
    before = dict(os.environ)
    with EmbeddedAws() as aws:
        os.environ.update(aws.environment())
        try:
            yield deploy(aws, environment=environment)
        finally:
            os.environ.clear()
            os.environ.update(before)


def deploy(
    aws: EmbeddedAws, *, stage: str = STAGE, code_dir: Path = ROOT, environment: Mapping[str, str] | None = None
) -> LocalPipeline:
    """Make both stacks of a stage from the project's serverless files, with functions that run from `code_dir`."""
    resources = deploy_service(aws, ROOT / "serverless-resources.yml", stage=stage)
    service = deploy_service(
        aws, ROOT / "serverless.yml", stage=stage, code_dir=code_dir, environment=dict(environment or {})
    )
    # their INIT phase then overlaps with the loading of data
    aws.prewarm(service.functions.values())
    return LocalPipeline(
        aws=aws,
        raw_bucket_name=resources.outputs["RawDataBucketName"],
        analytics_bucket_name=resources.outputs["DataAnalyticsBucketName"],
        devices_table_name=resources.outputs["DevicesTableName"],
        topic_arn=service.outputs["FailureTopicArn"],
        state_machine_arn=service.state_machines[f"BatchStateMachine-{stage}"],
    )


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as temporary:
        try:
            temporary.write(content)
            temporary.close()
            Path(temporary.name).chmod(0o644)
            Path(temporary.name).replace(path)
        except BaseException:
            Path(temporary.name).unlink(missing_ok=True)
            raise
