"""Publish is the one commit point: what is published is what was checked, and nobody else's day is replaced."""

import json

import pytest
from fault_server import Fault, fault_server

pytestmark = [pytest.mark.functional, pytest.mark.notebook, pytest.mark.slow]

OTHERS = b"of another run\n"
PUBLISHED = "devices_operation_history_data/20210323.csv"
# Cells that act between the check and the publication. No role may do it, so they call as the account's administrator,
# who can remove an object of a run and write it anew, but, by the bucket's policy, not overwrite it.
ADMINISTRATOR = 'import boto3\ns3 = boto3.client("s3", aws_access_key_id="local-aws", aws_secret_access_key="-")\n'
REPLACE_HISTORY = (
    ADMINISTRATOR + 'replaced = {"Bucket": analytics_bucket_name, "Key": prefix + "history.csv"}\n'
    's3.delete_object(**replaced)\ns3.put_object(**replaced, Body=b"unchecked", IfNoneMatch="*")\n'
)
PUBLISH_ANOTHER = f'{ADMINISTRATOR}s3.put_object(Bucket=analytics_bucket_name, Key="{PUBLISHED}", Body={OTHERS!r})\n'


def through(stage, address):
    """Let the stage's function Publish talk to S3 through another address."""
    client = stage.pipeline.aws.client("lambda")
    stage_name = stage.pipeline.state_machine_arn.rsplit("-", 1)[1]
    name = f"device-operation-history-{stage_name}-publish"
    own = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    client.update_function_configuration(
        FunctionName=name, Environment={"Variables": own | {"AWS_ENDPOINT_URL_S3": address}}
    )


def test_a_history_that_is_replaced_after_its_check_is_not_published(stage_with):
    """The copy is made only of the bytes that were checked; the error says what was found instead."""
    stage = stage_with(notebook="03_checks.ipynb", cell=REPLACE_HISTORY)
    run = stage.run()
    assert run.outcome.error == "InputChangedError"
    assert "not the history that was checked" in run.outcome.cause
    assert PUBLISHED not in stage.list_keys()
    (message,) = stage.messages()
    assert "InputChangedError" in message


def test_a_history_that_is_replaced_before_its_check_is_not_checked(stage_with):
    """CheckOutput reads only what DataJoin wrote."""
    stage = stage_with(notebook="02_join.ipynb", cell=REPLACE_HISTORY)
    run = stage.run()
    assert run.states[-1] == "CheckOutput"
    assert run.outcome.error == "InputChangedError"
    assert PUBLISHED not in stage.list_keys()


def test_the_history_of_another_run_is_a_conflict(stage_with):
    """A day that was published while this run was busy stays, and the error says what happened."""
    stage = stage_with(notebook="03_checks.ipynb", cell=PUBLISH_ANOTHER)
    run = stage.run()
    assert run.states[-1] == "Publish"
    assert run.outcome.error == "OutputConflictError"
    assert "was published by another run" in run.outcome.cause
    assert stage.body(PUBLISHED) == OTHERS
    (message,) = stage.messages()
    assert "OutputConflictError" in message


def test_its_own_history_whose_answer_was_lost_is_a_success(stage_with):
    """The copy is made, half of its answer comes through, the next try meets it: nobody is woken up."""
    stage = stage_with()
    fault = Fault(PUBLISHED, 200, "", times=1)
    with fault_server(stage.pipeline.aws.endpoint_url, fault) as address:
        through(stage, address)
        run = stage.run()
    assert fault.n_answered == 1
    assert run.outcome.succeeded, run.outcome
    assert run.outcome.output["result"] == "Success."
    assert stage.body(PUBLISHED).startswith(b"device_id,timestamp")
    assert stage.messages() == []


def test_a_publication_that_fails_otherwise_keeps_its_reason(stage_with):
    """S3's own error reaches the state machine under its own name, and somebody is told once."""
    stage = stage_with()
    with fault_server(stage.pipeline.aws.endpoint_url, Fault(PUBLISHED, 403, "AccessDenied")) as address:
        through(stage, address)
        run = stage.run()
    assert run.states[-1] == "Publish"
    assert run.outcome.error == "AccessDeniedError"
    assert len(stage.messages()) == 1


def test_a_publication_that_s3_cannot_answer_is_tried_again(stage_with):
    """S3 fails longer than the client tries; the state machine's retry publishes."""
    stage = stage_with()
    fault = Fault(PUBLISHED, 503, "ServiceUnavailable", times=9)
    with fault_server(stage.pipeline.aws.endpoint_url, fault) as address:
        through(stage, address)
        run = stage.run()
    assert run.outcome.succeeded, run.outcome
    assert "ServiceUnavailableError" in [step.retried_after for step in run.steps]
    assert json.loads(stage.body(f"runs/20210323/{run.name}/manifest.json"))["rows"]["written"] == 4
