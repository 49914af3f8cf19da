"""Tests of roles at work: a function and a state machine do what their roles allow, and get AWS's error otherwise."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws import DeployedService, EmbeddedAws, deploy_service

pytestmark = pytest.mark.functional
Call = Callable[..., Any]
_CODE = """
import os
import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

def call(event, context):
    client = boto3.client(event["service"], config=Config(retries={"total_max_attempts": 1}))
    try:
        answer = getattr(client, event["operation"])(**event["arguments"])
        return {"code": "", "status": answer["ResponseMetadata"]["HTTPStatusCode"]}
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        return {**error.response["Error"], "code": error.response["Error"]["Code"], "status": status}

def credentials(event, context):
    return {name: os.environ[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")}
"""
_SERVICE = """
service: guarded
functions:
  call: {handler: code.call, role: !GetAtt CallRole.Arn}
  credentials: {handler: code.credentials, role: !GetAtt CallRole.Arn}
stepFunctions:
  stateMachines:
    machine:
      name: Guarded
      role: !GetAtt MachineRole.Arn
      definition:
        StartAt: Call
        States:
          Call:
            Type: Task
            Resource: arn:aws:states:::lambda:invoke
            Parameters: {FunctionName.$: $.name, Payload: {}}
            End: true
resources:
  Resources:
    Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: guarded}}
    BucketPolicy:
      Type: AWS::S3::BucketPolicy
      Properties:
        Bucket: !Ref Bucket
        PolicyDocument:
          Version: '2012-10-17'
          Statement:
            - {Effect: Deny, Principal: '*', Action: s3:*, Resource: !Sub '${Bucket.Arn}/*',
               Condition: {Bool: {aws:SecureTransport: 'false'}}}
            - {Effect: Deny, Principal: '*', Action: s3:PutObject, Resource: !Sub '${Bucket.Arn}/once/*',
               Condition: {'Null': {s3:if-none-match: 'true'}, Bool: {s3:ObjectCreationOperation: 'true'}}}
    Hidden: {Type: AWS::S3::Bucket, Properties: {BucketName: guarded-hidden}}
    Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: guarded}}
    OtherTopic: {Type: AWS::SNS::Topic, Properties: {TopicName: guarded-other}}
    Table:
      Type: AWS::DynamoDB::Table
      Properties:
        TableName: guarded
        BillingMode: PAY_PER_REQUEST
        AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
        KeySchema: [{AttributeName: id, KeyType: HASH}]
    CallRole:
      Type: AWS::IAM::Role
      Properties:
        RoleName: guarded-call
        AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: []}
        Policies:
          - PolicyName: call
            PolicyDocument:
              Version: '2012-10-17'
              Statement:
                - {Effect: Allow, Action: [s3:GetObject, s3:PutObject], Resource: !Sub '${Bucket.Arn}/open/*'}
                - {Effect: Allow, Action: s3:PutObject, Resource: !Sub '${Bucket.Arn}/blind/*'}
                - {Effect: Allow, Action: s3:ListBucket, Resource: !GetAtt Bucket.Arn}
                - {Effect: Allow, Action: s3:GetObject, Resource: !Sub '${Hidden.Arn}/*'}
                - {Effect: Allow, Action: dynamodb:Scan, Resource: !GetAtt Table.Arn}
                - {Effect: Allow, Action: sns:Publish, Resource: !Ref Topic}
    MachineRole:
      Type: AWS::IAM::Role
      Properties:
        RoleName: guarded-machine
        AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: []}
        Policies:
          - PolicyName: machine
            PolicyDocument:
              Version: '2012-10-17'
              Statement:
                - Effect: Allow
                  Action: lambda:InvokeFunction
                  Resource: !Sub 'arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:guarded-local-credentials'
"""


@pytest.fixture(scope="module")
def guarded(embedded_aws: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> DeployedService:
    """Deploy a service whose function and state machine have roles."""
    folder: Path = tmp_path_factory.mktemp("guarded")
    (folder / "code.py").write_text(_CODE, encoding="utf-8")
    (folder / "serverless.yml").write_text(_SERVICE, encoding="utf-8")
    service = deploy_service(embedded_aws, folder / "serverless.yml", stage="local")
    for key in ("open/1", "closed/1"):
        embedded_aws.client("s3").put_object(Bucket="guarded", Key=key, Body=b"x")
    return service


@pytest.fixture(scope="module")
def call(embedded_aws: EmbeddedAws, guarded: DeployedService) -> Call:
    """Return a function that lets the deployed function call AWS, and returns the error's code and status."""

    def invoke(service: str, operation: str, **arguments: Any) -> tuple[str, int]:
        event = json.dumps({"service": service, "operation": operation, "arguments": arguments})
        answer = embedded_aws.client("lambda").invoke(FunctionName=guarded.functions["call"], Payload=event)
        result = json.loads(answer["Payload"].read())
        invoke.message = result.get("Message", "")  # type: ignore[attr-defined]
        return result["code"], result["status"]

    return invoke


@pytest.mark.parametrize(
    ("operation", "arguments", "expected"),
    [
        ("get_object", {"Key": "open/1"}, ("", 200)),
        ("get_object", {"Key": "open/missing"}, ("NoSuchKey", 404)),
        ("get_object", {"Key": "closed/1"}, ("AccessDenied", 403)),
        ("head_object", {"Key": "closed/1"}, ("403", 403)),
        ("list_objects_v2", {}, ("", 200)),
        ("list_objects_v2", {"Bucket": "guarded-hidden"}, ("AccessDenied", 403)),
        ("put_object", {"Key": "open/2", "Body": "x"}, ("", 200)),
        ("put_object", {"Key": "closed/2", "Body": "x"}, ("AccessDenied", 403)),
        ("put_object", {"Key": "blind/1", "Body": "x", "IfMatch": "x"}, ("AccessDenied", 403)),
        ("copy_object", {"Key": "open/3", "CopySource": "guarded/open/1"}, ("", 200)),
        ("copy_object", {"Key": "open/3", "CopySource": "guarded/closed/1"}, ("AccessDenied", 403)),
        ("create_multipart_upload", {"Key": "closed/3"}, ("AccessDenied", 403)),
        ("delete_object", {"Key": "open/1"}, ("AccessDenied", 403)),
        ("get_bucket_policy", {}, ("AccessDenied", 403)),
        ("get_object", {"Bucket": "nobodys", "Key": "1"}, ("NoSuchBucket", 404)),
    ],
)
def test_s3_by_a_role(call: Call, operation: str, arguments: dict[str, str], expected: tuple[str, int]) -> None:
    """Answers a call that the role does not allow with AccessDenied, status 403."""
    assert call("s3", operation, **{"Bucket": "guarded", **arguments}) == expected


def test_a_missing_object_is_hidden_from_a_role_that_may_not_list(call: Call) -> None:
    """Answers AccessDenied, not NoSuchKey, where the role lacks s3:ListBucket."""
    assert call("s3", "get_object", Bucket="guarded-hidden", Key="missing") == ("AccessDenied", 403)
    assert 's3:ListBucket on resource: "arn:aws:s3:::guarded-hidden"' in call.message  # type: ignore[attr-defined]


def test_s3_says_who_may_not_do_what(call: Call) -> None:
    """Names the assumed role, the action and the resource in AWS's words."""
    call("s3", "get_object", Bucket="guarded", Key="closed/1")
    assert call.message == (  # type: ignore[attr-defined]
        "User: arn:aws:sts::123456789012:assumed-role/guarded-call/guarded-local-call is not authorized to perform: "
        's3:GetObject on resource: "arn:aws:s3:::guarded/closed/1" because no identity-based policy allows the '
        "s3:GetObject action"
    )


def test_dynamodb_by_a_role(call: Call) -> None:
    """Answers a call that the role does not allow with AccessDeniedException, status 400, also for a missing table."""
    assert call("dynamodb", "scan", TableName="guarded") == ("", 200)
    for operation, table in (("scan", "other"), ("describe_table", "guarded")):
        assert call("dynamodb", operation, TableName=table) == ("AccessDeniedException", 400)
    assert "dynamodb:DescribeTable on resource: arn:aws:dynamodb:" in call.message  # type: ignore[attr-defined]


def test_sns_by_a_role(call: Call) -> None:
    """Answers a call that the role does not allow with AuthorizationError, status 403."""
    topic = "arn:aws:sns:ap-northeast-1:123456789012:guarded"
    assert call("sns", "publish", TopicArn=topic, Message="x") == ("", 200)
    assert call("sns", "publish", TopicArn=f"{topic}-other", Message="x") == ("AuthorizationError", 403)


def test_lambda_by_a_role(call: Call, guarded: DeployedService) -> None:
    """Answers an invocation that the role does not allow with AccessDeniedException, status 403."""
    assert call("lambda", "invoke", FunctionName=guarded.functions["call"]) == ("AccessDeniedException", 403)


def test_a_call_that_is_not_known_is_refused_to_roles(call: Call) -> None:
    """Refuses to let pass a call of which it cannot tell whether the role allows it."""
    assert call("s3", "list_buckets") == ("AccessDenied", 403)
    assert call("sqs", "list_queues") == ("AccessDeniedException", 400)
    assert "an action that the embedded AWS does not know" in call.message  # type: ignore[attr-defined]


def run(aws: EmbeddedAws, service: DeployedService, name: str) -> dict[str, Any]:
    """Run the state machine on a function and return its end."""
    client = aws.client("stepfunctions")
    arn = client.start_execution(
        stateMachineArn=service.state_machines["Guarded"], input=json.dumps({"name": service.functions[name]})
    )["executionArn"]
    deadline = time.monotonic() + 30
    while (execution := client.describe_execution(executionArn=arn))["status"] == "RUNNING":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return dict(execution)


def test_a_state_machine_acts_with_its_role(embedded_aws: EmbeddedAws, guarded: DeployedService) -> None:
    """Invokes the function that its role names, and fails with Lambda.AWSLambdaException on another."""
    assert run(embedded_aws, guarded, "credentials")["status"] == "SUCCEEDED"
    execution = run(embedded_aws, guarded, "call")
    assert (execution["status"], execution["error"]) == ("FAILED", "Lambda.AWSLambdaException")
    assert "assumed-role/guarded-machine/states is not authorized to perform: lambda:Invoke" in execution["cause"]
    assert "Error Code: AccessDeniedException" in execution["cause"]


def test_a_function_has_the_credentials_of_its_role(embedded_aws: EmbeddedAws, guarded: DeployedService) -> None:
    """Shows made-up credentials in the variables that Lambda uses; they are not the administrator's."""
    answer = embedded_aws.client("lambda").invoke(FunctionName=guarded.functions["credentials"])
    credentials = json.loads(answer["Payload"].read())
    assert credentials["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert len(set(credentials.values())) == 3


def test_a_buckets_policy_binds_the_administrator(embedded_aws: EmbeddedAws, guarded: DeployedService) -> None:
    """Refuses an unconditional write where the bucket's policy demands If-None-Match; parts of an upload pass."""
    assert guarded.stack_name
    s3 = embedded_aws.client("s3")
    for write in (
        lambda: s3.put_object(Bucket="guarded", Key="once/1", Body=b"x"),
        lambda: s3.copy_object(Bucket="guarded", Key="once/1", CopySource="guarded/open/1"),
    ):
        with pytest.raises(ClientError, match=r"AccessDenied.*explicit deny in a resource-based policy"):
            write()
    s3.put_object(Bucket="guarded", Key="once/1", Body=b"x", IfNoneMatch="*")
    upload_id = s3.create_multipart_upload(Bucket="guarded", Key="once/2")["UploadId"]
    where = {"Bucket": "guarded", "Key": "once/2", "UploadId": upload_id}
    parts = [{"PartNumber": 1, "ETag": s3.upload_part(**where, PartNumber=1, Body=b"x")["ETag"]}]
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})
    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts}, IfNoneMatch="*")


def test_a_change_of_a_policy_takes_effect(embedded_aws: EmbeddedAws, call: Call) -> None:
    """Decides by the policies as they are now: a new statement of the role, then its end."""
    iam = embedded_aws.client("iam")
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::guarded/closed/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    read = {"Bucket": "guarded", "Key": "closed/1"}
    iam.put_role_policy(RoleName="guarded-call", PolicyName="more", PolicyDocument=policy)
    assert call("s3", "get_object", **read) == ("", 200)
    iam.delete_role_policy(RoleName="guarded-call", PolicyName="more")
    assert call("s3", "get_object", **read) == ("AccessDenied", 403)
