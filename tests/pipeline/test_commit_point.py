"""Publish is the one commit point: a lost answer is no conflict, and a conflict is none of the reader's business.

The embedded AWS ignores conditions on copies, so these tests put a conditional write, which it honours, in Publish's
place: it fails as Publish fails on AWS when another history is there already.
"""

import json

import pytest

pytestmark = [pytest.mark.functional, pytest.mark.notebook, pytest.mark.slow]

OTHERS = b"of another run\n"


@pytest.fixture
def stage_with_states(stage_with):
    """Return a function that deploys a stage and changes the states of its state machine."""

    def make(change):
        stage = stage_with()
        stepfunctions = stage.pipeline.aws.client("stepfunctions")
        arn = stage.pipeline.state_machine_arn
        definition = json.loads(stepfunctions.describe_state_machine(stateMachineArn=arn)["definition"])
        change(definition["States"])
        stepfunctions.update_state_machine(stateMachineArn=arn, definition=json.dumps(definition))
        return stage

    return make


def put_in_place_of_publish(states):
    """Let Publish fail where there is a history already, whatever was there when the run began."""
    parameters = states["Publish"]["Parameters"]
    states["Publish"]["Resource"] = "arn:aws:states:::aws-sdk:s3:putObject"
    kept = {name: parameters[name] for name in ("Bucket.$", "Key.$", "IfNoneMatch")}
    states["Publish"]["Parameters"] = kept | {"Body": "overwritten"}
    states["PublishedBefore"]["Choices"][0]["Next"] = "Publish"


def test_its_own_history_whose_answer_was_lost_is_a_success(stage_with_states):
    """The copy was made, the answer was lost, the next try meets it: nobody is woken up."""

    def publish_twice(states):
        first = {name: states["Publish"][name] for name in ("Type", "Resource", "Parameters", "ResultPath")}
        states["First"] = first | {"Next": "Publish"}
        put_in_place_of_publish(states)
        states["PublishedBefore"]["Default"] = "First"

    stage = stage_with_states(publish_twice)
    run = stage.run()
    assert run.outcome.succeeded, run.outcome
    assert run.states[-4:] == ["Publish", "ReadBack", "PublishedByWhom", "Published"]
    assert run.outcome.output["result"] == "Success."
    assert stage.body(run.outcome.output["output"]["published_key"]).startswith(b"device_id,timestamp")
    assert stage.messages() == []


def test_the_history_of_another_run_is_a_conflict(stage_with_states):
    """It stays, and the error says what happened."""
    stage = stage_with_states(put_in_place_of_publish)
    stage.publish(OTHERS)
    run = stage.run()
    assert run.states[-5:] == ["PublishedByWhom", "Conflict", "NotifyFailure", "WhoFailed", "Failed"]
    assert run.outcome.error == "OutputConflictError"
    assert "was published by another run" in run.outcome.cause
    assert stage.body("devices_operation_history_data/20210323.csv") == OTHERS
    (message,) = stage.messages()
    assert "OutputConflictError" in message


def test_a_publication_that_fails_otherwise_keeps_its_reason(stage_with_states):
    """Nothing is published, so reading back fails too; what is reported is why Publish failed."""

    def copy_from_nowhere(states):
        states["Publish"]["Parameters"]["CopySource.$"] = (
            "States.Format('{}/nowhere', $.join.answer.output.bucket_name)"
        )

    stage = stage_with_states(copy_from_nowhere)
    run = stage.run()
    assert run.states[-4:] == ["ReadBack", "NotifyFailure", "WhoFailed", "Failed"]
    assert "NoSuchKey" in run.outcome.error
    assert len(stage.messages()) == 1
