"""Read deployed stacks: only their templates have the S3 locations of functions' and layers' archives."""

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
_DEPLOYED_STATUSES = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")


@dataclass(frozen=True)
class Archive:
    """A zip file in S3."""

    bucket: str
    key: str


@dataclass(frozen=True)
class FunctionArchives:
    """A function's archives; of layers with the same file, the last one counts."""

    code: Archive
    layers: tuple[Archive, ...]


@dataclass(frozen=True)
class DeployedStack:
    """A stack as it is deployed now: its template, and the resources of its logical ids."""

    name: str
    template: dict[str, Any]
    intrinsics: Intrinsics

    def find(self, resource: Resource) -> tuple[str, dict[str, Any]] | None:
        """Return a resource's logical id and its properties, intrinsics unresolved; None when the stack has none."""
        declared = self.template.get("Resources", {})
        for logical_id, known in self.intrinsics.resources.items():
            if known == resource and logical_id in declared:
                return logical_id, declared[logical_id].get("Properties") or {}
        return None


class DeployedStacks:
    """The stacks of an embedded AWS, read by a boto3 CloudFormation client."""

    def __init__(self, client: Any, region: str) -> None:
        self._client = client
        self._region = region
        self._lock = threading.Lock()
        self._cache: dict[str, tuple[DeployedStack, FunctionArchives]] = {}

    def archives(self, function_name: str) -> FunctionArchives | None:
        """Return where a function's archives are now; None when no stack has the function, or has no archive of it.

        Raises
        ------
        DeployError
            A reference in the function's code or layers leads nowhere.
        """
        with self._lock:
            stack, archives = self._cache.get(function_name, (None, None))
        if stack and self._template(stack.name) == stack.template:
            return archives
        for stack in self.all():
            if match := stack.find(Resource(_FUNCTION, function_name)):
                archives = self._read(stack, *match)
                if archives:
                    with self._lock:
                        self._cache[function_name] = (stack, archives)
                return archives
        return None

    def all(self) -> Iterator[DeployedStack]:
        """Yield all deployed stacks."""
        for page in self._client.get_paginator("describe_stacks").paginate():
            for stack in page["Stacks"]:
                if stack["StackStatus"] in _DEPLOYED_STATUSES:
                    yield self.get(stack["StackName"])

    def get(self, name: str) -> DeployedStack:
        """Return a stack by its name; a stack that is not there is a `botocore.exceptions.ClientError`."""
        template = _as_mapping(self._client.get_template(StackName=name)["TemplateBody"], name)
        listed = self._client.describe_stack_resources(StackName=name)["StackResources"]
        resources = {
            resource["LogicalResourceId"]: Resource(resource["ResourceType"], resource.get("PhysicalResourceId", ""))
            for resource in listed
            if resource.get("LogicalResourceId")  # moto lists resources that it skipped without their name
        }
        return DeployedStack(name, template, Intrinsics(self._region, name, resources))

    def _template(self, name: str) -> dict[str, Any] | None:
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
        """Return a layer version's archive; the layer may be in another stack."""
        for stack in (own, *self.all()):
            if match := stack.find(Resource(_LAYER, arn)):
                archive = _archive(stack, match[1].get("Content"), f"stack {stack.name}: {match[0]}.Content")
                if archive:
                    return archive
        raise DeployError(f"{where}: no deployed stack has this layer version; found {arn}; expected one that has")


def _archive(stack: DeployedStack, location: Any, where: str) -> Archive | None:
    s3 = stack.intrinsics.resolve(location or {}, where)
    return Archive(s3["S3Bucket"], s3["S3Key"]) if {"S3Bucket", "S3Key"} <= s3.keys() else None


def _as_mapping(template: Any, name: str) -> dict[str, Any]:
    """Return a template as JSON values; moto returns a YAML template as text."""
    return dict(parse_yaml(template, f"stack {name}") if isinstance(template, str) else template)
