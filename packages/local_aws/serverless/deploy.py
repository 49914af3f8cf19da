"""Deploy a serverless file to the embedded AWS, its functions straight from the working tree."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_aws.cloudformation.intrinsics import Intrinsics
from local_aws.cloudformation.stack import deploy_stack, local_template, stack_outputs
from local_aws.embedded_aws import EmbeddedAws
from local_aws.environment import ACCOUNT_ID
from local_aws.serverless.functions import function_resources, function_settings, put_function
from local_aws.serverless.service_file import ServiceFile, read_service
from local_aws.serverless.state_machines import put_state_machine
from local_aws.serverless.variable_sources import MISSING

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
    """Make what a serverless file declares, as far as a local run needs it; a second time updates it.

    Parameters
    ----------
    aws
        A running one.
    path
        The serverless file. `local_aws.serverless.variables` says which variables it may use,
        `local_aws.cloudformation.stack` which resources are made.
    stage
        ``${sls:stage}`` and ``${opt:stage}``.
    code_dir
        The folder that stands for ``/var/task``; the serverless file's own if not given. Functions run from it as it
        is, so the next new instance sees a change; deploying again ends the warm ones.
    environment
        Variables for all functions; they win over the file's.

    Raises
    ------
    ServiceFileError
        The file cannot be read, or a variable in it has no value.
    DeployError
        CloudFormation, Lambda or Step Functions refused something, or a reference leads nowhere.
    """
    cloudformation = aws.client("cloudformation")
    service = read_service(
        path,
        stage=stage,
        region=aws.region,
        stack_output=lambda name, key: stack_outputs(cloudformation, name).get(key, MISSING),
    )
    stack = deploy_stack(cloudformation, service.stack_name, local_template(service.resources))
    known = {**stack.resources, **function_resources(service.function_names)}
    intrinsics = Intrinsics(aws.region, service.stack_name, known)
    if service.functions:
        _deploy_functions(aws, service, intrinsics, (code_dir or path.parent).resolve(), environment or {})
    return DeployedService(
        stack_name=service.stack_name,
        outputs=stack.outputs,
        functions=service.function_names,
        state_machines=_deploy_state_machines(aws, service, intrinsics),
    )


def _deploy_functions(
    aws: EmbeddedAws, service: ServiceFile, intrinsics: Intrinsics, code_dir: Path, extra: Mapping[str, str]
) -> None:
    _make_role(aws.client("iam"))
    client = aws.client("lambda")
    for key, spec in service.functions.items():
        where = f"{service.path}: functions.{key}"
        settings = function_settings(spec, service.provider, extra, intrinsics, where)
        put_function(client, service.function_names[key], _ROLE_ARN, code_dir, settings)


def _deploy_state_machines(aws: EmbeddedAws, service: ServiceFile, intrinsics: Intrinsics) -> dict[str, str]:
    arns = {}
    for key, spec in service.state_machines.items():
        where = f"{service.path}: stepFunctions.stateMachines.{key}.definition"
        name = str(spec.get("name") or f"{service.stack_name}-{key}")
        arns[name] = put_state_machine(
            aws.client("stepfunctions"),
            name,
            intrinsics.resolve(spec.get("definition"), where),
            region=aws.region,
            role_arn=_ROLE_ARN,
            kind=spec.get("type", "STANDARD"),
        )
    return arns


def _make_role(client: Any) -> None:
    """Make the role that moto wants a function to have; nothing here enforces roles."""
    with contextlib.suppress(client.exceptions.EntityAlreadyExistsException):
        client.create_role(RoleName=_ROLE_NAME, AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}')
