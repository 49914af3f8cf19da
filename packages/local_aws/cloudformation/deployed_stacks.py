"""Read from deployed stacks where the archives of a function and its layers lie: only their templates know."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from local_aws.cloudformation.intrinsics import Intrinsics, Resource
from local_aws.cloudformation.yaml_files import parse_yaml
from local_aws.errors import DeployError

_FUNCTION = "AWS::Lambda::Function"
_LAYER = "AWS::Lambda::LayerVersion"
_STANDING = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")


@dataclass(frozen=True)
class Archive:
    """A zip file in S3."""

    bucket: str
    key: str


@dataclass(frozen=True)
class FunctionArchives:
    """What a function was deployed from; the layers in the order in which they are laid over each other."""

    code: Archive
    layers: tuple[Archive, ...]


@dataclass(frozen=True)
class DeployedStack:
    """A stack as it is deployed now: its template, and what its logical ids stand for."""

    name: str
    template: dict[str, Any]
    intrinsics: Intrinsics

    def properties(self, kind: str, physical_id: str) -> tuple[str, dict[str, Any]] | None:
        """Return logical id and properties of a resource by its type and physical id, or None; intrinsics remain."""
        for logical_id, resource in self.intrinsics.resources.items():
            if resource == Resource(kind, physical_id) and logical_id in self.template.get("Resources", {}):
                return logical_id, self.template["Resources"][logical_id].get("Properties") or {}
        return None


class DeployedStacks:
    """The stacks of an embedded AWS.

    Parameters
    ----------
    client
        A boto3 CloudFormation client.
    region
        For pseudo parameters.
    """

    def __init__(self, client: Any, region: str) -> None:
        self._client = client
        self._region = region
        self._lock = threading.Lock()
        self._known: dict[str, tuple[DeployedStack, FunctionArchives]] = {}

    def archives(self, function_name: str) -> FunctionArchives | None:
        """Return where a function's archives lie now; None when no stack has it, or has it without archives in S3.

        Raises
        ------
        DeployError
            A reference in the function's code or layers leads nowhere.
        """
        with self._lock:
            stack, archives = self._known.get(function_name, (None, None))
        if stack and self.template(stack.name) == stack.template:
            return archives
        for stack in self.all():
            if found := stack.properties(_FUNCTION, function_name):
                archives = self._read(stack, *found)
                if archives:
                    with self._lock:
                        self._known[function_name] = (stack, archives)
                return archives
        return None

    def all(self) -> Iterator[DeployedStack]:
        """Yield all stacks that stand."""
        for page in self._client.get_paginator("describe_stacks").paginate():
            yield from (self.get(found["StackName"]) for found in page["Stacks"] if found["StackStatus"] in _STANDING)

    def get(self, name: str) -> DeployedStack:
        """Return a stack by its name.

        Raises
        ------
        botocore.exceptions.ClientError
            There is none.
        """
        template = self._client.get_template(StackName=name)["TemplateBody"]
        listed = self._client.describe_stack_resources(StackName=name)["StackResources"]
        resources = {
            resource["LogicalResourceId"]: Resource(resource["ResourceType"], resource.get("PhysicalResourceId", ""))
            for resource in listed
            if resource.get("LogicalResourceId")  # moto lists what it skipped without a name
        }
        return DeployedStack(name, _as_mapping(template, name), Intrinsics(self._region, name, resources))

    def template(self, name: str) -> dict[str, Any] | None:
        """Return a stack's template, or None when there is no such stack."""
        try:
            return _as_mapping(self._client.get_template(StackName=name)["TemplateBody"], name)
        except ClientError:
            return None

    def _read(self, stack: DeployedStack, logical_id: str, properties: dict[str, Any]) -> FunctionArchives | None:
        where = f"stack {stack.name}: {logical_id}"
        code = _archive(stack, properties.get("Code"), f"{where}.Code")
        if code is None:
            return None
        arns = stack.intrinsics.resolve(properties.get("Layers") or [], f"{where}.Layers")
        return FunctionArchives(code, tuple(self._layer(stack, str(arn), f"{where}.Layers") for arn in arns))

    def _layer(self, own: DeployedStack, arn: str, where: str) -> Archive:
        """Return a layer version's archive; it may be another stack's."""
        for stack in (own, *self.all()):
            if found := stack.properties(_LAYER, arn):
                archive = _archive(stack, found[1].get("Content"), f"stack {stack.name}: {found[0]}.Content")
                if archive:
                    return archive
        raise DeployError(f"{where}: no deployed stack has this layer version; found {arn}; expected one that has")


def _archive(stack: DeployedStack, location: Any, where: str) -> Archive | None:
    found = stack.intrinsics.resolve(location or {}, where)
    return Archive(found["S3Bucket"], found["S3Key"]) if {"S3Bucket", "S3Key"} <= found.keys() else None


def _as_mapping(template: Any, name: str) -> dict[str, Any]:
    """Return a template as plain JSON values; moto returns YAML as it came."""
    return dict(parse_yaml(template, f"stack {name}") if isinstance(template, str) else template)
