"""A stage whose resources stack was removed is taken up again by an import, with its data."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

import take_up
from local_aws import EmbeddedAws
from osls import OSLS
from stages.access import StageAccess, StageError, sign_in

REGION, ACCOUNT = "ap-northeast-1", "111122223333"
ACCESS = StageAccess("dev", REGION, ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/me")
STACK = "device-operation-history-resources-dev"
RETAINED = {
    "DevicesTable": {"TableName": "Devices-dev"},
    "RawDataBucket": {"BucketName": f"devices-raw-data-dev-{ACCOUNT}-{REGION}"},
    "RawDataBucketPolicy": {"Bucket": f"devices-raw-data-dev-{ACCOUNT}-{REGION}"},
    "DataAnalyticsBucket": {"BucketName": f"devices-data-analytics-dev-{ACCOUNT}-{REGION}"},
    "DataAnalyticsBucketPolicy": {"Bucket": f"devices-data-analytics-dev-{ACCOUNT}-{REGION}"},
}


@pytest.fixture
def template(embedded_aws: EmbeddedAws, tmp_path: Any) -> dict[str, Any]:
    """Return what osls compiles of serverless-resources.yml."""
    del embedded_aws
    if not OSLS.exists():
        pytest.skip("osls is not installed here: run 'make node_modules'")
    sign_in("dev", REGION, action="deploy")
    compiled: dict[str, Any] = take_up.compile_template(ACCESS, take_up.RESOURCES, tmp_path)
    return compiled


@pytest.mark.functional
@pytest.mark.slow
def test_what_is_retained_is_imported(template: dict[str, Any]) -> None:
    """Every resource that outlives its stack is imported by its name; osls's own bucket and the outputs are not."""
    assert {"ServerlessDeploymentBucket", *RETAINED} <= set(template["Resources"])
    imported = take_up.import_template(template)
    assert set(imported) == {"AWSTemplateFormatVersion", "Resources"}
    items = take_up.resources_to_import(ACCESS, imported)
    assert {item["LogicalResourceId"]: item["ResourceIdentifier"] for item in items} == RETAINED


def test_the_stack_is_made_by_an_import(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A change set of the kind IMPORT, executed once it is complete; then a deploy does the rest."""
    table = {"Type": "AWS::DynamoDB::Table", "DeletionPolicy": "Retain", "Properties": {"TableName": "Devices-dev"}}
    bucket = {"Type": "AWS::S3::Bucket"}
    whole = {
        "Resources": {"DevicesTable": table, "ServerlessDeploymentBucket": bucket},
        "Outputs": {"A": {"Value": "a"}},
    }
    monkeypatch.setattr(take_up, "compile_template", lambda *_: whole)
    monkeypatch.setattr(take_up, "describe_stack", lambda _name: None)
    client = boto3.client("cloudformation", region_name=REGION, aws_access_key_id="a", aws_secret_access_key="b")
    names = {"StackName": STACK, "ChangeSetName": "take-up"}
    body = json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"DevicesTable": table}})
    imports = [
        {
            "ResourceType": "AWS::DynamoDB::Table",
            "LogicalResourceId": "DevicesTable",
            "ResourceIdentifier": {"TableName": "Devices-dev"},
        }
    ]
    stack = {"StackName": STACK, "CreationTime": 0, "StackStatus": "IMPORT_COMPLETE"}
    with Stubber(client) as stubber:
        request = {**names, "ChangeSetType": "IMPORT", "TemplateBody": body, "ResourcesToImport": imports}
        stubber.add_response("create_change_set", {"Id": "arn:aws:cloudformation:x"}, request)
        stubber.add_response("describe_change_set", {"Status": "CREATE_COMPLETE"}, names)
        stubber.add_response("execute_change_set", {}, names)
        stubber.add_response("describe_stacks", {"Stacks": [stack]}, {"StackName": ANY})
        monkeypatch.setattr(take_up, "client", lambda _service: client)
        take_up.take_up(ACCESS)
        stubber.assert_no_pending_responses()
    assert "Now: make deploy STAGE=dev" in capsys.readouterr().out


def test_a_stack_that_is_there_is_not_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what to do."""
    monkeypatch.setattr(take_up, "describe_stack", lambda _name: {"StackStatus": "CREATE_COMPLETE"})
    with pytest.raises(StageError, match=r"is there; expected none\. Deploy: make deploy STAGE=dev"):
        take_up.take_up(ACCESS)
