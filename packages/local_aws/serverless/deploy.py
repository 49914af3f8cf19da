"""Deploy a serverless file to the embedded AWS, its functions straight from the working tree."""

import contextlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local_aws.cloudformation.intrinsics import Intrinsics
from local_aws.cloudformation.stack import deploy_stack, local_template, stack_outputs
from local_aws.embedded_aws import EmbeddedAws
from local_aws.environment import ACCOUNT_ID
from local_aws.errors import DeployError
from local_aws.functions.deployed_function import CODE_DIR_TAG
from local_aws.serverless.functions import function_resources, function_settings
from local_aws.serverless.service_file import ServiceFile, read_service
from local_aws.serverless.variables import MISSING

_ROLE_NAME = "local-aws"
_ROLE_ARN = f"arn:aws:iam::{ACCOUNT_ID}:role/{_ROLE_NAME}"


@dataclass(frozen=True)
class DeployedService:
    """What `deploy_service` made.

    Attributes
    ----------
    stack_name
        ``<service>-<stage>``.
    outputs
        The stack's outputs.
    functions
        The deployed function's name, by its key in the serverless file.
    state_machines
        ARNs by the state machine's name.
    """

    stack_name: str
    outputs: dict[str, str]
    functions: dict[str, str]
    state_machines: dict[str, str]


def deploy_service(
    aws: EmbeddedAws,
    path: Path,
    *,
    stage: str,
    code_dir: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> DeployedService:
    """Make the part of a serverless file that a local run needs; a second time updates it.

    Parameters
    ----------
    aws
        A running one.
    path
        The serverless file. `local_aws.serverless.variables` lists the variables that it may use,
        `local_aws.cloudformation.stack` the resources that are made.
    stage
        ``${sls:stage}`` and ``${opt:stage}``.
    code_dir
        The folder that becomes ``/var/task``; by default the serverless file's own. Each new execution environment sees
        the folder's present content; deploying again ends the idle ones.
    environment
        Variables for all functions; they override the file's.

    Raises
    ------
    ServiceFileError
        The file cannot be read, or a variable in it has no value.
    DeployError
        CloudFormation, Lambda or Step Functions rejected a resource, or a reference leads nowhere.
    """
    cloudformation = aws.client("cloudformation")
    service = read_service(
        path,
        stage=stage,
        region=aws.region,
        stack_output=lambda name, key: stack_outputs(cloudformation, name).get(key, MISSING),
    )
    stack = deploy_stack(cloudformation, service.stack_name, local_template(service.resources))
    resources = {**stack.resources, **function_resources(service.function_names)}
    intrinsics = Intrinsics(aws.region, service.stack_name, resources)
    _make_unlimited_role(aws.client("iam"))
    if service.functions:
        _deploy_functions(aws, service, intrinsics, (code_dir or path.parent).resolve(), environment or {})
    return DeployedService(
        stack_name=service.stack_name,
        outputs=stack.outputs,
        functions=service.function_names,
        state_machines=_deploy_state_machines(aws.client("stepfunctions"), service, intrinsics),
    )


def _deploy_functions(
    aws: EmbeddedAws, service: ServiceFile, intrinsics: Intrinsics, code_dir: Path, extra: Mapping[str, str]
) -> None:
    """Create the functions, anew when they exist, so that no execution environment of an earlier revision is used."""
    client = aws.client("lambda")
    code = {"ZipFile": _placeholder_zip()}
    for key, spec in service.functions.items():
        name, where = service.function_names[key], f"{service.path}: functions.{key}"
        settings = function_settings(spec, service.provider, extra, intrinsics, where)
        with contextlib.suppress(client.exceptions.ResourceNotFoundException):
            client.delete_function(FunctionName=name)
        try:
            tags = {CODE_DIR_TAG: str(code_dir)}
            role = _role_arn(spec, intrinsics, where)
            client.create_function(FunctionName=name, Role=role, Code=code, Tags=tags, **settings)
        except ClientError as error:
            message = error.response["Error"]["Message"]
            raise DeployError(f"function {name}: Lambda refused it; found {message}") from error


def _deploy_state_machines(client: Any, service: ServiceFile, intrinsics: Intrinsics) -> dict[str, str]:
    """Create the state machines, or update those that exist; return their ARNs by name."""
    arns = {}
    for key, spec in service.state_machines.items():
        where = f"{service.path}: stepFunctions.stateMachines.{key}"
        name = str(spec.get("name") or f"{service.stack_name}-{key}")
        arn = f"arn:aws:states:{intrinsics.region}:{ACCOUNT_ID}:stateMachine:{name}"
        definition = json.dumps(intrinsics.resolve(spec.get("definition"), f"{where}.definition"), ensure_ascii=False)
        settings = {"definition": definition, "roleArn": _role_arn(spec, intrinsics, where)}
        try:
            try:
                client.update_state_machine(stateMachineArn=arn, **settings)
            except client.exceptions.StateMachineDoesNotExist:
                client.create_state_machine(name=name, type=spec.get("type", "STANDARD"), **settings)
        except ClientError as error:
            message = error.response["Error"]["Message"]
            raise DeployError(f"state machine {name}: Step Functions refused it; found {message}") from error
        arns[name] = arn
    return arns


def _role_arn(spec: Mapping[str, Any], intrinsics: Intrinsics, where: str) -> str:
    """Return the role of a function or a state machine; one without a role may do everything."""
    return str(intrinsics.resolve(spec.get("role") or _ROLE_ARN, f"{where}.role"))


def _make_unlimited_role(iam: Any) -> None:
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=_ROLE_NAME, AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}')
        statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_role_policy(RoleName=_ROLE_NAME, PolicyName="everything", PolicyDocument=document)


def _placeholder_zip() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("README", f"The code is in the folder that the function's tag {CODE_DIR_TAG} names.\n")
    return packed.getvalue()
