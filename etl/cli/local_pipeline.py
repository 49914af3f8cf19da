"""The deployed pipeline on this machine: the embedded AWS, with the functions of the working tree."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from etl.cli.execution import Execution
from etl.runs.provenance import ROOT
from etl.storage import device_table, object_store
from local_aws import EmbeddedAws, deploy_service, environment_variables

STAGE = "local"


@dataclass(frozen=True)
class LocalPipeline:
    """A stage of the pipeline inside the embedded AWS.

    Attributes
    ----------
    aws
        The embedded AWS that runs it.
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
        """Put device items and a raw file (None: there is none) where the pipeline reads them."""
        if raw:
            object_store.put(self.raw_bucket_name, s3_object_key, raw)
        device_table.put_devices(self.devices_table_name, devices)

    def start(self, execution_input: Mapping[str, str], *, name: str | None = None) -> Execution:
        """Start an execution; without `name` it gets one of its own."""
        name = name or f"run-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
        stepfunctions = self.aws.client("stepfunctions")
        answer = stepfunctions.start_execution(
            stateMachineArn=self.state_machine_arn, name=name, input=json.dumps(execution_input)
        )
        return Execution(answer["executionArn"], stepfunctions)


@contextmanager
def local_pipeline(*, environment: Mapping[str, str] | None = None) -> Iterator[LocalPipeline]:
    """Start an embedded AWS with the pipeline in it; both end with the block.

    Within the block, AWS clients of this process and of its children talk to the embedded AWS only.

    Parameters
    ----------
    environment
        Variables for the functions, which override those of serverless.yml.
    """
    with EmbeddedAws() as aws, environment_variables(aws.environment()):
        yield deploy(aws, environment=environment)


def deploy(
    aws: EmbeddedAws, *, stage: str = STAGE, code_dir: Path = ROOT, environment: Mapping[str, str] | None = None
) -> LocalPipeline:
    """Deploy both stacks of a stage from the project's serverless files; the functions run from `code_dir`."""
    resources = deploy_service(aws, ROOT / "serverless-resources.yml", stage=stage)
    service = deploy_service(
        aws, ROOT / "serverless.yml", stage=stage, code_dir=code_dir, environment=dict(environment or {})
    )
    # the INIT phase of the functions then overlaps with the loading of data
    aws.prewarm(service.functions.values())
    return LocalPipeline(
        aws=aws,
        raw_bucket_name=resources.outputs["RawDataBucketName"],
        analytics_bucket_name=resources.outputs["DataAnalyticsBucketName"],
        devices_table_name=resources.outputs["DevicesTableName"],
        topic_arn=service.outputs["FailureTopicArn"],
        state_machine_arn=service.state_machines[f"BatchStateMachine-{stage}"],
    )
