"""A run that is interrupted while it reads or writes leaves nothing behind, and the next one succeeds."""

import json
import random

import pytest
from fault_server import Fault, fault_server

from etl.runs.provenance import ROOT
from local_aws.cloudformation.yaml_files import read_yaml

pytestmark = [pytest.mark.functional, pytest.mark.notebook, pytest.mark.slow, pytest.mark.exhaustive]

LAST_GOOD = b"the last good day\n"
N_EVENTS = 600_000  # a history of about 30 MB, three parts of an upload


@pytest.fixture(scope="module")
def large_file():
    """Return a raw file whose history needs a multipart upload."""
    made = random.Random(1)  # noqa: S311 - no secret
    devices = ("device_u33nk7yy", "device_m6mww3ss", "device_sd7ubc8s")
    lines = (
        f'{{"device_id": "{made.choice(devices)}", "timestamp": "{1616500000 + n % 80000}", "power": "on"}}'
        for n in range(N_EVENTS)
    )
    return "\n".join(lines).encode()


def function_of(stage):
    """Return the name of the stage's DataJoin function."""
    return f"device-operation-history-{stage.pipeline.state_machine_arn.rsplit('-', 1)[1]}-data_join"


def set_endpoints(aws, stage, address):
    """Send DataJoin's requests another way."""
    client, name = aws.client("lambda"), function_of(stage)
    variables = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    variables |= {"AWS_ENDPOINT_URL_S3": address, "AWS_ENDPOINT_URL_DYNAMODB": address}
    client.update_function_configuration(FunctionName=name, Environment={"Variables": variables})


def uploads(stage):
    """Return the keys of the multipart uploads that are neither completed nor aborted."""
    s3 = stage.pipeline.aws.client("s3")
    listed = s3.list_multipart_uploads(Bucket=stage.pipeline.analytics_bucket_name)
    return [upload["Key"] for upload in listed.get("Uploads", [])]


def assert_nothing_was_left(stage, run):
    """Hold a failed run to this: the last good day stands, no part of the new one can be seen."""
    assert stage.body("devices_operation_history_data/20210323.csv") == LAST_GOOD
    left = [key.rsplit("/", 1)[1] for key in stage.list_keys(f"runs/20210323/{run.name}/")]
    assert not [name for name in left if not name.endswith(".ipynb")]


def assert_the_next_run_succeeds(stage):
    """Run once more on the same file, nothing repaired by hand."""
    run = stage.run(s3_object_key="large.jsonl")
    assert run.outcome.succeeded, run.outcome
    assert run.outcome.output["rows"]["written"] == N_EVENTS
    assert stage.body(run.outcome.output["output"]["published_key"]).count(b"\n") == N_EVENTS + 1
    assert uploads(stage) == []


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        pytest.param(Fault("partNumber=3", 403, "AccessDenied"), "AccessDeniedError", id="an error on part 3"),
        pytest.param(Fault("large.jsonl", 200, ""), "ServiceUnavailableError", id="a body that is cut short"),
        pytest.param(
            Fault("/", 400, "ProvisionedThroughputExceededException", operation="Scan"),
            "ThrottledError",
            id="a table that throttles",
        ),
        pytest.param(Fault("uploadId", 412, "PreconditionFailed"), "InputChangedError", id="parts that are refused"),
    ],
)
def test_an_error_in_the_middle_leaves_nothing(embedded_aws, stage_with, large_file, fault, error):
    """The upload is aborted, the run fails by name, the last good day stands, the next run succeeds."""
    stage = stage_with()
    stage.publish(LAST_GOOD)
    stage.put_raw(large_file, "large.jsonl")
    with fault_server(embedded_aws.endpoint_url, fault) as address:
        set_endpoints(embedded_aws, stage, address)
        run = stage.run(s3_object_key="large.jsonl")
    assert fault.n_answered
    assert run.outcome.error == error
    assert len(stage.messages()) == 1
    assert_nothing_was_left(stage, run)
    if "uploadId" not in fault.path:  # there even the request that aborts was refused: the lifecycle rule is for that
        assert uploads(stage) == []
        set_endpoints(embedded_aws, stage, embedded_aws.endpoint_url)
        assert_the_next_run_succeeds(stage)


def test_a_killed_process_leaves_an_upload_that_a_rule_ends(stage_with, large_file):
    """Nobody could abort it; nobody sees it either, and the bucket's lifecycle rule ends it within a day."""
    kill = "import os, signal\nfrom etl.storage import multipart_upload as u\nsend = u.Upload._send_part\n"
    kill += "def dies(self):\n    send(self)\n    len(self._parts) == 2 and os.kill(os.getpid(), signal.SIGKILL)\n"
    kill += "u.Upload._send_part = dies\n"
    stage = stage_with(notebook="02_join.ipynb", cell=kill, before="join")
    stage.publish(LAST_GOOD)
    stage.put_raw(large_file, "large.jsonl")
    run = stage.run(s3_object_key="large.jsonl")
    assert run.outcome.error == "KernelDiedError"
    assert_nothing_was_left(stage, run)
    assert uploads(stage) == [f"runs/20210323/{run.name}/history.csv"]
    bucket = read_yaml(ROOT / "serverless-resources.yml")["resources"]["Resources"]["DataAnalyticsBucket"]["Properties"]
    rules = bucket["LifecycleConfiguration"]["Rules"]
    assert any(rule.get("AbortIncompleteMultipartUpload") == {"DaysAfterInitiation": 1} for rule in rules)


def test_a_retry_after_a_lost_answer_meets_its_own_history(embedded_aws, stage_with, large_file):
    """The same bytes again are no error, other ones are: a run's own objects are never overwritten."""
    stage = stage_with()
    stage.put_raw(large_file, "large.jsonl")
    run = stage.run(s3_object_key="large.jsonl")
    assert run.outcome.succeeded, run.outcome
    file = {"bucket_name": stage.pipeline.raw_bucket_name, "s3_object_key": "large.jsonl", "etag": ""}
    event = {"execution": run.name, "file": file | {"run_date": "2021-03-23"}}
    client = embedded_aws.client("lambda")
    again = client.invoke(FunctionName=function_of(stage), Payload=json.dumps(event))
    assert "FunctionError" not in again, again["Payload"].read()
    stage.put_raw(large_file + b"\n" + large_file.splitlines()[0], "large.jsonl")
    other = json.loads(client.invoke(FunctionName=function_of(stage), Payload=json.dumps(event))["Payload"].read())
    assert other["errorType"] == "OutputConflictError"
    assert stage.body(f"runs/20210323/{run.name}/history.csv").count(b"\n") == N_EVENTS + 1
    assert uploads(stage) == []
