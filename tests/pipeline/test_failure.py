"""Each way to fail has a name, keeps the executed notebook, tells somebody once, and publishes nothing."""

import json
import re
import time

import pytest
from fault_server import Fault, fault_server

from etl.errors import leaves

pytestmark = [pytest.mark.functional, pytest.mark.notebook, pytest.mark.slow]

LAST_GOOD = b"the last good day\n"
MARK = "papermill-error-cell-tag"
STAGE = re.compile(r".*-([a-z0-9]+)$")


def assert_failed_safely(run, *, error, notebook, says):
    """Hold a failed run to everything that a failure promises; return its executed notebook."""
    assert not run.outcome.succeeded
    assert run.outcome.error == error
    assert error in leaves()
    assert notebook in run.outcome.cause
    assert says in run.outcome.cause
    (message,) = run.stage.messages()
    stage = STAGE.match(run.stage.pipeline.state_machine_arn)[1]
    assert message.startswith(f"A run failed: stage {stage}, run date 2021-03-23, {run.name}.\n\n{error}\n")
    assert says in message
    assert f"/runs/20210323/{run.name}/{notebook}\n" in message
    assert f"etl lab --run 20210323 --execution {run.name} --stage " in message
    assert f"make invoke STAGE={stage} REGION=ap-northeast-1 'DATA={{" in message
    assert run.stage.body("devices_operation_history_data/20210323.csv") == LAST_GOOD
    executed = run.executed(notebook)
    assert any(MARK in cell.metadata.get("tags", []) for cell in executed.cells)
    (failed,) = [cell for cell in executed.cells for output in cell.get("outputs", []) if output.output_type == "error"]
    assert f"cell In [{failed.execution_count}]" in run.outcome.cause
    return executed


@pytest.fixture
def failing(stage_with):
    """Return a function that deploys a stage in which a good day is already published."""

    def make(**changes):
        stage = stage_with(**changes)
        stage.publish(LAST_GOOD)
        return stage

    return make


@pytest.mark.parametrize(
    ("content", "error", "says"),
    [
        pytest.param(b'{"data": [', "RawFileError", "byte 10: not valid JSON", id="broken JSON"),
        pytest.param(b"", "RawFileError", "the file is empty", id="empty file"),
        pytest.param(b'{"data": [{"power": 1}]}', "TooManyQuarantinedError", "1 of 1 records", id="bad records"),
    ],
)
def test_a_bad_file(stage, content, error, says):
    """The message names the file, the place, and the cell that met it."""
    stage.publish(LAST_GOOD)
    stage.put_raw(content, "bad.json")
    run = stage.run(s3_object_key="bad.json")
    assert_failed_safely(run, error=error, notebook="02_join.ipynb", says=says)
    assert "bad.json" in run.outcome.cause


def test_access_denied_is_not_no_file(embedded_aws, failing):
    """A file that may not be seen may well be there."""
    fault = Fault("devices-raw-data.json", 403, "AccessDenied")
    with fault_server(embedded_aws.endpoint_url, fault) as address:
        run = failing(AWS_ENDPOINT_URL_S3=address).run()
    assert_failed_safely(run, error="AccessDeniedError", notebook="01_load.ipynb", says="AccessDenied")


@pytest.mark.exhaustive
def test_a_throttled_request_is_tried_again(embedded_aws, stage_with):
    """Longer than the client's own patience: the state machine's Retry makes it good."""
    fault = Fault("devices-raw-data.json", 503, "SlowDown", times=5)
    with fault_server(embedded_aws.endpoint_url, fault) as address:
        stage = stage_with(AWS_ENDPOINT_URL_S3=address)
        run = stage.run()
    assert run.outcome.succeeded, run.outcome
    assert [step.retried_after for step in run.steps if step.retried_after] == ["ThrottledError"]
    assert f"runs/20210323/{run.name}/01_load.try-2.ipynb" in stage.list_keys()
    assert stage.messages() == []


def test_a_missing_bucket(failing):
    """It is named as such, never as a missing file."""
    run = failing(DEVICES_RAW_DATA_BUCKET_NAME="not-there-123456789012").run()
    assert_failed_safely(run, error="MissingBucketError", notebook="01_load.ipynb", says="not-there-123456789012")


def test_a_missing_table(embedded_aws, failing):
    """The join cannot guess owners."""
    stage = failing()
    name = stage.pipeline.devices_table_name
    embedded_aws.client("dynamodb").delete_table(TableName=name)
    assert_failed_safely(stage.run(), error="MissingTableError", notebook="02_join.ipynb", says=f"table {name}")


def test_a_table_that_the_role_does_not_name(failing):
    """DynamoDB refuses the role before it looks for the table."""
    run = failing(DEVICES_TABLE_NAME="NotThere").run()
    assert_failed_safely(run, error="AccessDeniedError", notebook="02_join.ipynb", says="dynamodb:Scan")


def test_a_cell_that_raises(failing):
    """An error that nobody foresaw comes with its own name and words."""
    run = failing(notebook="02_join.ipynb", cell="raise ZeroDivisionError('planted')").run()
    executed = assert_failed_safely(
        run, error="NotebookError", notebook="02_join.ipynb", says="ZeroDivisionError: planted"
    )
    assert executed.cells[-1].execution_count is None


def test_a_kernel_that_is_killed(failing):
    """What was executed before is kept, and the cell that was running is marked."""
    run = failing(notebook="02_join.ipynb", cell="import os, signal\nos.kill(os.getpid(), signal.SIGKILL)").run()
    executed = assert_failed_safely(run, error="KernelDiedError", notebook="02_join.ipynb", says="kernel process died")
    shown = {cell.id: cell.outputs for cell in executed.cells if cell.cell_type == "code"}
    assert "device_u33nk7yy" in shown["join"][0].data["text/plain"]
    assert executed.cells[-1].metadata.papermill.status == "pending"


def test_a_handler_past_its_time(embedded_aws, failing):
    """The runner stops the notebook before Lambda stops the runner, so the notebook is kept."""
    stage = failing(notebook="02_join.ipynb", cell="import time\ntime.sleep(600)")
    function = stage.pipeline.state_machine_arn.rsplit("-", 1)[1]
    embedded_aws.client("lambda").update_function_configuration(
        FunctionName=f"device-operation-history-{function}-data_join", Timeout=6
    )
    run = stage.run()
    assert_failed_safely(run, error="NotebookTimeoutError", notebook="02_join.ipynb", says="nearly up")


def test_a_failed_check_is_not_published(failing):
    """The audit misses a row, keeps a manifest that says so, and ends the run."""
    run = failing(notebook="03_checks.ipynb", cell="history = history.iloc[:-1]", before="reconciliation").run()
    assert_failed_safely(run, error="ChecksFailedError", notebook="03_checks.ipynb", says="reconciliation")
    assert f"runs/20210323/{run.name}/manifest.json" in run.stage.list_keys()


@pytest.mark.parametrize(
    ("execution_input", "says"),
    [({"rundate": "2021-03-23"}, "unknown 'rundate'"), ({"run_date": "23.3.2021"}, "YYYY-MM-DD")],
)
def test_a_wrong_execution_input(stage, execution_input, says):
    """A misspelt key does not run another day in silence; no kernel starts."""
    run = stage.run(**execution_input)
    assert run.outcome.error == "ParametersError"
    assert says in run.outcome.cause
    assert len(stage.messages()) == 1


@pytest.mark.exhaustive
def test_a_message_that_cannot_be_sent_does_not_hide_the_failure(stage_with):
    """The execution ends with what failed, whatever becomes of the message."""
    stage = stage_with()
    stage.pipeline.aws.client("sns").delete_topic(TopicArn=stage.pipeline.topic_arn)
    stage.put_raw(b"", "empty.json")
    assert stage.run(s3_object_key="empty.json").outcome.error == "RawFileError"


@pytest.mark.parametrize(
    ("change", "error", "sentence"),
    [
        pytest.param(
            lambda d: d["States"]["LoadFile"].update(TimeoutSeconds=1), "States.Timeout", "failed", id="state"
        ),
        pytest.param(lambda d: d.update(TimeoutSeconds=2), "TIMED_OUT", "took too long", id="execution"),
        pytest.param(
            lambda d: d["States"]["LoadFile"].update(OutputPath="$.nothing"), "States.Runtime", "failed", id="runtime"
        ),
    ],
)
def test_what_step_functions_itself_ends_is_told_once(stage_with, change, error, sentence):
    """Time-outs and errors of the definition pass any Catch by; the rule on the execution's end sees them."""
    stage = stage_with(notebook="01_load.ipynb", cell="import time\ntime.sleep(600)" if "Runtime" not in error else "")
    stepfunctions = stage.pipeline.aws.client("stepfunctions")
    arn = stage.pipeline.state_machine_arn
    definition = json.loads(stepfunctions.describe_state_machine(stateMachineArn=arn)["definition"])
    change(definition)
    stepfunctions.update_state_machine(stateMachineArn=arn, definition=json.dumps(definition))
    run = stage.run()
    assert run.outcome.error == error
    (message,) = stage.messages()
    assert message.startswith(f"A run {sentence}: stage ")
    assert "aws stepfunctions redrive-execution" in message


def test_a_run_that_somebody_stops_is_told_once(stage_with):
    """The message says that it was stopped; moto lets the state end first."""
    stage = stage_with(notebook="01_load.ipynb", cell="import time\ntime.sleep(3)")
    execution = stage.pipeline.start({"run_date": "2021-03-23"}, name="stopped")
    stepfunctions = stage.pipeline.aws.client("stepfunctions")
    # moto cannot stop an execution whose definition it still reads
    while not stepfunctions.get_execution_history(executionArn=execution.arn)["events"]:
        time.sleep(0.1)
    stepfunctions.stop_execution(executionArn=execution.arn)
    stage.last_execution = "stopped"
    (message,) = stage.messages()
    assert message.startswith("A run was stopped")


def test_no_file_is_told_only_if_a_schedule_asked_for_it(stage):
    """By hand it is an answer, at night it is news."""
    assert stage.run(s3_object_key="nothing.json").outcome.output == {"result": "No file."}
    assert stage.messages() == []
    run = stage.run(run_date=None, s3_object_key="nothing.json", scheduled_at="2021-03-22T15:30:00Z")
    assert run.outcome.output == {"result": "No file."}
    (message,) = stage.messages()
    assert message.startswith("No raw file came")
    assert "run date 2021-03-23" in message
    assert """'DATA={"s3_object_key": "nothing.json", "run_date": "2021-03-23"}'""" in message


def test_a_day_that_is_published_with_warnings_is_told_once(stage):
    """The message names the checks that did not pass."""
    stage.put_raw(b'{"data": [{"device_id": "ghost", "timestamp": "1616506124", "power": "on"}]}', "ghost.json")
    run = stage.run(s3_object_key="ghost.json")
    assert run.outcome.output["warnings"] == ["unmatched"]
    (message,) = stage.messages()
    assert message.startswith("Published with warnings")
    assert "Checks that did not pass: unmatched." in message
    assert "redrive" not in message
