"""Each function's role allows the calls that its notebook really makes: nothing missing, nothing unused."""

import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from fault_server import fault_server

from etl.runs.provenance import ROOT
from local_aws.cloudformation.yaml_files import read_yaml

pytestmark = [pytest.mark.functional, pytest.mark.notebook, pytest.mark.slow, pytest.mark.exhaustive]

ROLES = {
    "load_file": "LoadFileRole",
    "data_join": "DataJoinRole",
    "check_output": "CheckOutputRole",
    "publish": "PublishRole",
}
# Allowed but not called here: without ListBucket, S3 answers "access denied" where an object is missing; an upload is
# aborted only when a run fails, which tests/pipeline/test_interrupted.py does.
FOR_FAILURES = {
    "load_file": {("s3:ListBucket", "raw")},
    "data_join": {("s3:ListBucket", "analytics"), ("s3:AbortMultipartUpload", "analytics/runs/*")},
    "check_output": set(),
    # read back after a failed condition; an upload of more than 5 GB that fails is aborted
    "publish": {
        ("s3:ListBucket", "analytics"),
        ("s3:GetObject", "analytics/devices_operation_history_data/*"),
        ("s3:AbortMultipartUpload", "analytics/devices_operation_history_data/*"),
    },
}
METHODS = {"GET": "s3:GetObject", "HEAD": "s3:GetObject", "PUT": "s3:PutObject", "POST": "s3:PutObject"}


def allowed(function):
    """Return what a role allows, as (action, where), without what Lambda itself does with it (logs, traces)."""
    role = read_yaml(ROOT / "infrastructure" / "roles.yml")["Resources"][ROLES[function]]
    found = set()
    for statement in role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]:
        for action in _list(statement["Action"]):
            if not action.startswith(("logs:", "xray:")):
                found.update((action, _where(resource["Fn::Sub"])) for resource in _list(statement["Resource"]))
    return found


def _list(value):
    return value if isinstance(value, list) else [value]


def _where(resource):
    kinds = {"rawBucketArn": "raw", "analyticsBucketArn": "analytics", "devicesTableArn": "devices"}
    kind, rest = re.fullmatch(r"\$\{self:custom\.(\w+)\}(.*)", resource).groups()
    return kinds[kind] + rest


def called(requests):
    """Return what was called, in the words of `allowed`."""
    found = set()
    for request in requests:
        if request.operation:
            found.add((f"dynamodb:{request.operation.split('.')[1]}", "devices"))
            continue
        address = urlsplit(request.path)
        bucket, _, key = address.path.lstrip("/").partition("/")
        kind = "raw" if "-raw-" in bucket else "analytics"
        if not key:
            assert "list-type" in parse_qs(address.query)
            found.add(("s3:ListBucket", kind))
            continue
        folder = "/*" if kind == "raw" else f"/{key.split('/')[0]}/*"
        found.add((METHODS[request.method], kind + folder))
        if request.copied:
            found.add(("s3:GetObject", f"analytics/{request.copied.split('/')[1]}/*"))
    return found


def test_roles_allow_exactly_what_is_called(embedded_aws, stage_with):
    """A whole run, and the join once more on its own work, as after a retry."""
    stage = stage_with()
    client = embedded_aws.client("lambda")
    prefix = f"device-operation-history-{stage.pipeline.state_machine_arn.rsplit('-', 1)[1]}-"
    seen = {function: [] for function in ROLES}
    with (
        fault_server(embedded_aws.endpoint_url, seen=seen["load_file"]) as one,
        fault_server(embedded_aws.endpoint_url, seen=seen["data_join"]) as two,
        fault_server(embedded_aws.endpoint_url, seen=seen["check_output"]) as three,
        fault_server(embedded_aws.endpoint_url, seen=seen["publish"]) as four,
    ):
        for function, address in zip(ROLES, (one, two, three, four), strict=True):
            own = client.get_function_configuration(FunctionName=prefix + function)["Environment"]["Variables"]
            own |= {"AWS_ENDPOINT_URL_S3": address, "AWS_ENDPOINT_URL_DYNAMODB": address}
            client.update_function_configuration(FunctionName=prefix + function, Environment={"Variables": own})
        run = stage.run()
        assert run.outcome.succeeded, run.outcome
        file = {"bucket_name": stage.pipeline.raw_bucket_name, "s3_object_key": "devices-raw-data.json", "etag": ""}
        again = {"execution": run.name, "file": file | {"run_date": "2021-03-23"}}
        answer = client.invoke(FunctionName=prefix + "data_join", Payload=json.dumps(again))
        assert "FunctionError" not in answer, answer["Payload"].read()
    for function in ROLES:
        assert called(seen[function]) == allowed(function) - FOR_FAILURES[function]
