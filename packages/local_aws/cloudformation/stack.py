"""Make the resources of a service with moto's CloudFormation."""

import json
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from local_aws.cloudformation.intrinsics import Resource, references
from local_aws.errors import DeployError

RESOURCE_TYPES = (
    *("AWS::S3::Bucket", "AWS::S3::BucketPolicy", "AWS::DynamoDB::Table", "AWS::SNS::Topic", "AWS::SQS::Queue"),
    *("AWS::Events::Rule", "AWS::IAM::Role"),
)
"""What a run needs; all other types (alarms, other policies) are skipped: moto ignores or cannot make them."""

_ROLE = "AWS::IAM::Role"
_SHOWN_CHARACTERS = 400
_READY = ("CREATE_COMPLETE", "UPDATE_COMPLETE")


@dataclass(frozen=True)
class Stack:
    """A deployed stack: its outputs, and its resources by logical id."""

    outputs: dict[str, str]
    resources: dict[str, Resource]


def local_template(resources: dict[str, Any]) -> dict[str, Any]:
    """Return a template with the resources that are made locally.

    Parameters
    ----------
    resources
        The ``resources`` of a serverless file: ``Resources`` and ``Outputs``. Not changed.

    Returns
    -------
    dict
        ``Resources`` of `RESOURCE_TYPES`, their ``DependsOn`` too, without roles that refer to others (such as the
        role of a schedule, which is not made either), and the ``Outputs`` that refer only to them.
    """
    declared = resources.get("Resources") or {}
    kept = {name: dict(spec) for name, spec in declared.items() if spec.get("Type") in RESOURCE_TYPES}
    for name in [name for name, spec in kept.items() if spec["Type"] == _ROLE and references(spec) - kept.keys()]:
        del kept[name]
    for spec in kept.values():
        after = spec.pop("DependsOn", [])
        after = [name for name in ([after] if isinstance(after, str) else after) if name in kept]
        spec.update({"DependsOn": after} if after else {})
    outputs = {name: spec for name, spec in (resources.get("Outputs") or {}).items() if references(spec) <= kept.keys()}
    return {"Resources": kept, "Outputs": outputs}


def deploy_stack(client: Any, name: str, template: dict[str, Any]) -> Stack:
    """Create or update a stack with a boto3 CloudFormation client; a template without resources makes none.

    Raises
    ------
    DeployError
        A reference leads nowhere, or CloudFormation could not make a resource; the message has the reason.
    """
    if not template["Resources"]:
        return Stack({}, {})
    unknown = sorted(references(template["Resources"]) - template["Resources"].keys())
    if unknown:
        raise DeployError(
            f"stack {name}: references lead nowhere; found {', '.join(unknown)}; expected resources of {RESOURCE_TYPES}"
        )
    body = json.dumps(template)
    try:
        if _describe(client, name):
            client.update_stack(StackName=name, TemplateBody=body)
        else:
            client.create_stack(StackName=name, TemplateBody=body, OnFailure="DO_NOTHING")
    except ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise DeployError(f"stack {name}: CloudFormation refused it; found {error}") from error
    except ResponseParserError as error:  # moto passes on an exception of another service, in that service's format
        raise DeployError(f"stack {name}: CloudFormation failed; found {str(error)[:_SHOWN_CHARACTERS]}") from error
    stack = _describe(client, name) or {}
    if stack.get("StackStatus") not in _READY:
        reasons = "; ".join(_failures(client, name)) or stack.get("StackStatusReason", "no reason given")
        raise DeployError(f"stack {name}: not complete; found {stack.get('StackStatus')}: {reasons}")
    listed = client.describe_stack_resources(StackName=name)["StackResources"]
    resources = {r["LogicalResourceId"]: Resource(r["ResourceType"], r["PhysicalResourceId"]) for r in listed}
    return Stack(stack_outputs(client, name), resources)


def stack_outputs(client: Any, name: str) -> dict[str, str]:
    """Return the outputs of a deployed stack; none when there is no such stack."""
    stack = _describe(client, name) or {}
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def _describe(client: Any, name: str) -> dict[str, Any] | None:
    try:
        stacks = client.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return None
        raise
    return dict(stacks[0])


def _failures(client: Any, name: str) -> list[str]:
    events = client.describe_stack_events(StackName=name)["StackEvents"]
    return [
        f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason given')}"
        for event in events
        if event.get("ResourceStatus", "").endswith("FAILED")
    ]
