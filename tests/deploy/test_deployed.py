"""The pipeline as osls deploys it: what runs is what was uploaded."""

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

import deploy_local
from etl.cli.execution import Execution
from etl.runs.provenance import ROOT
from local_aws import EmbeddedAws, environment_variables, sandbox_missing
from osls import OSLS, RESOURCES, osls
from package import build_function
from set_sample_data import load

pytestmark = [pytest.mark.functional, pytest.mark.notebook, pytest.mark.slow]

STAGE, ACCOUNT = "local", "123456789012"
FIRE_SCHEDULE = ROOT / "tests" / "local_aws" / "fire_schedule.py"
PARTS = (
    "etl",
    "lambda_wrappers",
    "notebooks",
    "packages",
    "workflow",
    "infrastructure",
    "requirements",
    "package.json",
)
BUCKET = f"devices-data-analytics-{STAGE}-{ACCOUNT}-{deploy_local.REGION}"
PUBLISHED = "devices_operation_history_data/20210323.csv"


@dataclass
class Deployed:
    """A copy of the project, deployed to an embedded AWS of its own."""

    aws: EmbeddedAws
    folder: Path
    environment: dict[str, str]
    queue_url: str = ""

    def deploy(self) -> None:
        """Pack the copy's code and deploy the service."""
        build_function(self.folder / "build" / "function.zip", root=self.folder)
        self.osls("deploy")

    def osls(self, *arguments: str, config: str = "serverless.yml") -> str:
        """Run osls in the copy."""
        return osls(
            *arguments,
            config=config,
            stage=STAGE,
            region=deploy_local.REGION,
            environment=self.environment,
            folder=self.folder,
        )

    def run(self, name: str) -> dict[str, Any]:
        """Execute the state machine once."""
        client = self.aws.client("stepfunctions")
        (machine,) = client.list_state_machines()["stateMachines"]
        started = client.start_execution(
            stateMachineArn=machine["stateMachineArn"], name=name, input='{"run_date": "2021-03-23"}'
        )
        return self.wait(started["executionArn"])

    def wait(self, execution_arn: str) -> dict[str, Any]:
        """Return how an execution ended."""
        client = self.aws.client("stepfunctions")
        while (found := client.describe_execution(executionArn=execution_arn))["status"] == "RUNNING":
            time.sleep(0.1)
        return found

    def add_cell(self, source: str) -> None:
        """Add a cell before the last one of the copy's 02_join."""
        path = self.folder / "notebooks" / "02_join.ipynb"
        notebook = nbformat.read(path, as_version=4)
        notebook.cells.insert(-1, nbformat.v4.new_code_cell(source))
        nbformat.write(notebook, path)

    def body(self, key: str) -> str:
        """Return an object of the analytics bucket."""
        return self.aws.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()

    def messages(self, execution: str) -> list[str]:
        """Return the messages about an execution: wait for the first, and a moment longer for a second."""
        sqs, texts, deadline = self.aws.client("sqs"), [], time.monotonic() + 30
        while time.monotonic() < deadline:
            time.sleep(0.2)
            received = sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10).get("Messages", [])
            for message in received:
                sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
            new = [json.loads(message["Body"])["Message"] for message in received]
            texts += [text for text in new if f", {execution}.\n" in text]
            if texts:
                deadline = min(deadline, time.monotonic() + 2)
        return texts


@pytest.fixture(scope="module")
def deployed(tmp_path_factory):
    """Return a deployed copy of the project; its layers come from the cache that 'make package' fills."""
    if not OSLS.exists():
        pytest.skip("osls is not installed here: run 'make node_modules'")
    built = subprocess.run(
        [sys.executable, "scripts/package.py"], cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )
    if built.returncode:
        pytest.skip(f"the layers cannot be built here: {built.stderr.strip()}")
    folder = tmp_path_factory.mktemp("deployed")
    for name in (*PARTS, "serverless.yml", RESOURCES):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    (folder / "build").mkdir()
    (folder / "build" / "layers").symlink_to(ROOT / "build" / "layers")
    sandbox = not sandbox_missing()
    with EmbeddedAws(region=deploy_local.REGION, sandbox=sandbox) as aws, environment_variables(aws.environment()):
        environment = {**os.environ, "SLS_AWS_MONITORING_FREQUENCY": "250"}
        project = Deployed(aws, folder, environment)
        project.osls("deploy", config=RESOURCES)
        project.deploy()
        load(STAGE, deploy_local.REGION)
        project.queue_url = _watch(aws)
        yield project


def _watch(aws: EmbeddedAws) -> str:
    sqs, sns = aws.client("sqs"), aws.client("sns")
    queue_url = sqs.create_queue(QueueName="watch")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    (topic,) = sns.list_topics()["Topics"]
    sns.subscribe(TopicArn=topic["TopicArn"], Protocol="sqs", Endpoint=queue)
    return queue_url


def test_osls_invokes_the_deployed_state_machine(deployed):
    """The answer is SUCCEEDED, with the result, and the history is the reference case."""
    said = deployed.osls("invoke", "stepf", "--name", "BatchStateMachine", "--data", '{"run_date": "2021-03-23"}')
    assert '"status": "SUCCEEDED"' in said
    assert '\\"result\\":\\"Success.\\"' in said.replace(" ", "")
    assert deployed.body(PUBLISHED) == deploy_local.EXPECTED


@pytest.mark.skipif(bool(sandbox_missing()), reason=str(sandbox_missing()))
def test_the_notebooks_pass_in_a_sandbox_like_lambdas(deployed):
    """Read-only code, a small /tmp, a foreign user, no HOME: all three run, the plot is drawn, the report is made."""
    assert deployed.run("sandboxed")["status"] == "SUCCEEDED"
    checks = nbformat.reads(deployed.body("runs/20210323/sandboxed/03_checks.ipynb"), as_version=4)
    (plot,) = [out for cell in checks.cells if cell.get("id") == "plot" for out in cell.outputs]
    assert len(plot.data["image/png"]) > 5_000
    assert "stderr" not in {out.get("name") for cell in checks.cells for out in cell.get("outputs", [])}
    assert '<section class="verdict success"' in deployed.body("runs/20210323/sandboxed/report.html")


def test_osls_invokes_a_single_function(deployed):
    """Each function is one that ``sls invoke`` can reach."""
    event = {"execution": "single", "started_at": "2021-03-22T15:00:00.000Z", "input": {"s3_object_key": "none.json"}}
    assert '"file_exist": false' in deployed.osls("invoke", "--function", "load_file", "--data", json.dumps(event))


@pytest.mark.parametrize(
    ("at", "day"), [("2021-03-22T14:59:59Z", "20210322"), ("2021-03-22T15:00:00Z", "20210323")], ids=["before", "after"]
)
def test_the_schedule_starts_a_run_with_the_date_of_tokyo(deployed, at, day):
    """What the deployed schedule names is started with its input; midnight in Tokyo is 15:00 UTC."""
    command = [sys.executable, FIRE_SCHEDULE, "--stack", f"device-operation-history-{STAGE}", "--at", at]
    answer = subprocess.run(
        [*command, "--endpoint-url", deployed.aws.endpoint_url], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 1
    assert "DISABLED" in answer.stderr
    answer = subprocess.run(
        [*command, "--endpoint-url", deployed.aws.endpoint_url, "--even-if-disabled"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    execution_arn = answer.stdout.split()[-1]
    assert deployed.wait(execution_arn)["status"] == "SUCCEEDED"
    name = Execution(execution_arn, stepfunctions=None).name
    assert deployed.body(f"runs/{day}/{name}/history.csv") == deploy_local.EXPECTED


def test_only_a_deploy_changes_what_runs(deployed):
    """A broken notebook in the working tree does nothing until it is deployed; then it fails as a failure should."""
    good = (deployed.folder / "notebooks" / "02_join.ipynb").read_bytes()
    deployed.add_cell("raise ZeroDivisionError('planted')")
    assert deployed.run("not-deployed-yet")["status"] == "SUCCEEDED"
    deployed.deploy()
    failed = deployed.run("deployed")
    assert (failed["status"], failed["error"]) == ("FAILED", "NotebookError")
    (message,) = deployed.messages("deployed")
    assert "ZeroDivisionError: planted" in message
    assert "papermill-error-cell-tag" in deployed.body("runs/20210323/deployed/02_join.ipynb")
    assert deployed.body(PUBLISHED) == deploy_local.EXPECTED
    (deployed.folder / "notebooks" / "02_join.ipynb").write_bytes(good)


def test_a_function_out_of_time_keeps_its_notebook(deployed):
    """With three seconds, the runner stops the notebook before Lambda stops the runner."""
    good = (deployed.folder / "notebooks" / "02_join.ipynb").read_bytes()
    deployed.add_cell("import time\ntime.sleep(600)")
    deployed.deploy()
    deployed.aws.client("lambda").update_function_configuration(
        FunctionName=f"device-operation-history-{STAGE}-data_join", Timeout=3
    )
    failed = deployed.run("out-of-time")
    assert (failed["status"], failed["error"]) == ("FAILED", "NotebookTimeoutError")
    assert len(deployed.messages("out-of-time")) == 1
    assert "papermill" in deployed.body("runs/20210323/out-of-time/02_join.ipynb")
    (deployed.folder / "notebooks" / "02_join.ipynb").write_bytes(good)


def test_remove_keeps_the_table_and_the_buckets(deployed):
    """The last test: functions and state machine go, the data stays; without the right account nothing happens."""
    command = [sys.executable, str(ROOT / "scripts" / "stage.py"), "remove", "--stage", STAGE, "--account"]
    refused = subprocess.run(
        [*command, "999999999999"], env=deployed.environment, capture_output=True, text=True, check=False
    )
    assert refused.returncode == 1
    assert "Nothing was done" in refused.stderr
    assert deployed.aws.client("lambda").list_functions()["Functions"]
    answer = subprocess.run([*command, ACCOUNT], env=deployed.environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert f"account {ACCOUNT}" in answer.stdout
    assert deployed.aws.client("lambda").list_functions()["Functions"] == []
    assert deployed.body(PUBLISHED) == deploy_local.EXPECTED
    assert deployed.aws.client("dynamodb").scan(TableName=f"Devices-{STAGE}")["Count"] == 3
