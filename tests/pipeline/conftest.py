"""A stage of the pipeline for each test, with its failure topic watched."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

from etl.cli.execution import ExecutionResult, StateTry
from etl.cli.local_pipeline import LocalPipeline, deploy
from etl.cli.sample import load_sample
from etl.runs.provenance import ROOT
from local_aws import EmbeddedAws

PUBLISHED = "devices_operation_history_data/20210323.csv"
_numbers = itertools.count(1)


@dataclass
class Run:
    """An execution that has ended: its `outcome`, the `steps` it took, and what it left behind."""

    name: str
    outcome: ExecutionResult
    steps: list[StateTry]
    stage: Stage

    @property
    def states(self) -> list[str]:
        """The states in the order in which they were left, without tries made again."""
        return [step.name for step in self.steps if not step.retried_after]

    def executed(self, notebook: str) -> Any:
        """Return an executed notebook of this run."""
        return nbformat.reads(self.stage.body(f"runs/20210323/{self.name}/{notebook}").decode(), as_version=4)


@dataclass
class Stage:
    """A deployed stage that holds the sample."""

    pipeline: LocalPipeline
    queue_url: str
    last_execution: str = ""

    def run(self, *, run_date: str | None = "2021-03-23", **execution_input: str) -> Run:
        """Execute the state machine, without a run date if it is None, and wait for its end."""
        name = f"test-{next(_numbers)}"
        dated = {"run_date": run_date} if run_date else {}
        execution = self.pipeline.start(dated | execution_input, name=name)
        steps = list(execution.follow())
        self.last_execution = name
        return Run(name, execution.result(), steps, self)

    def put_raw(self, content: bytes, key: str) -> None:
        """Put a raw file."""
        self.pipeline.load(raw=io.BytesIO(content), s3_object_key=key, devices=[])

    def body(self, key: str) -> bytes:
        """Return an object of the analytics bucket."""
        s3 = self.pipeline.aws.client("s3")
        return s3.get_object(Bucket=self.pipeline.analytics_bucket_name, Key=key)["Body"].read()

    def list_keys(self, prefix: str = "") -> list[str]:
        """Return the keys in the analytics bucket."""
        s3 = self.pipeline.aws.client("s3")
        listed = s3.list_objects_v2(Bucket=self.pipeline.analytics_bucket_name, Prefix=prefix)
        return [item["Key"] for item in listed.get("Contents", [])]

    def publish(self, content: bytes) -> None:
        """Pretend that an earlier run has published the day."""
        s3 = self.pipeline.aws.client("s3")
        s3.put_object(Bucket=self.pipeline.analytics_bucket_name, Key=PUBLISHED, Body=content)

    def function(self, name: str) -> str:
        """Return the physical name of a function."""
        return f"device-operation-history-{self.pipeline.state_machine_arn.rsplit('-', 1)[1]}-{name}"

    def messages(self) -> list[str]:
        """Return, once, the messages that were sent since the last call, that about the last execution among them."""
        logs, deadline = self.pipeline.aws.client("logs"), time.monotonic() + 30
        group = f"/aws/lambda/{self.function('notify')}"
        while self.last_execution:
            with contextlib.suppress(logs.exceptions.ResourceNotFoundException):
                lines = [event["message"] for event in logs.filter_log_events(logGroupName=group)["events"]]
                if any(f'"execution":"{self.last_execution}"' in line for line in lines):
                    break
            assert time.monotonic() < deadline, "the function notify was not told of the execution's end"
            time.sleep(0.1)
        sqs = self.pipeline.aws.client("sqs")
        received = sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10).get("Messages", [])
        for message in received:
            sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"])["Message"] for message in received]


def make_stage(aws: EmbeddedAws, *, code_dir: Path = ROOT, environment: Mapping[str, str] | None = None) -> Stage:
    """Deploy a stage, load the sample and watch its topic."""
    pipeline = deploy(aws, stage=f"test{next(_numbers)}", code_dir=code_dir, environment=environment)
    load_sample(pipeline)
    sqs, sns = aws.client("sqs"), aws.client("sns")
    queue_url = sqs.create_queue(QueueName=f"watch-{next(_numbers)}")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=pipeline.topic_arn, Protocol="sqs", Endpoint=queue)
    return Stage(pipeline, queue_url)


@pytest.fixture(scope="module")
def stage(embedded_aws: EmbeddedAws) -> Stage:
    """Return a healthy stage, shared by a module's tests."""
    return make_stage(embedded_aws)


def _stage_with(aws: EmbeddedAws, folder: Path) -> Callable[..., Stage]:
    def make(*, notebook: str | None = None, cell: str = "", before: str = "result", **environment: str) -> Stage:
        if notebook is None:
            return make_stage(aws, environment=environment)
        for name in ("etl", "lambda_wrappers", "notebooks", "packages/notebook_report", "packages/warm_kernels"):
            source = ROOT / name
            shutil.copytree(source, folder / source.name, ignore=shutil.ignore_patterns("__pycache__"))
        path = folder / "notebooks" / notebook
        document = nbformat.read(path, as_version=4)
        (place,) = [place for place, found in enumerate(document.cells) if found.id == before]
        document.cells.insert(place, nbformat.v4.new_code_cell(cell))
        nbformat.write(document, path)
        return make_stage(aws, code_dir=folder, environment=environment)

    return make


@pytest.fixture
def stage_with(embedded_aws: EmbeddedAws, tmp_path: Path) -> Callable[..., Stage]:
    """Return a function that deploys a stage with other variables, or with a cell added to one of its notebooks.

    The cell stands before that which is called `before`, or before the last.
    """
    return _stage_with(embedded_aws, tmp_path)


@pytest.fixture(scope="module")
def make_stage_with(embedded_aws: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Stage]:
    """Return the function of `stage_with`, for a stage that a module's tests share."""
    return _stage_with(embedded_aws, tmp_path_factory.mktemp("code"))
