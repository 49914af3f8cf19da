"""Resolve CloudFormation's intrinsic functions where moto does not: in functions' variables and in definitions.

Ref, Fn::GetAtt, Fn::Sub and Fn::Join, with references to pseudo parameters and to a stack's resources.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local_aws.environment import ACCOUNT_ID
from local_aws.errors import DeployError

_SUPPORTED = "Ref, Fn::GetAtt, Fn::Sub, Fn::Join"
_PLACEHOLDER = re.compile(r"\$\{([^!${}][^${}]*)\}")
# What Fn::GetAtt returns for each type; {id} is the physical id, {name} its last part.
_ATTRIBUTES = {
    "AWS::S3::Bucket": {"Arn": "arn:aws:s3:::{id}"},
    "AWS::IAM::Role": {"Arn": "arn:aws:iam::{account}:role/{id}"},
    "AWS::DynamoDB::Table": {"Arn": "arn:aws:dynamodb:{region}:{account}:table/{id}"},
    "AWS::SNS::Topic": {"TopicArn": "{id}", "TopicName": "{name}"},
    "AWS::SQS::Queue": {"Arn": "arn:aws:sqs:{region}:{account}:{name}", "QueueName": "{name}", "QueueUrl": "{id}"},
    "AWS::StepFunctions::StateMachine": {"Arn": "{id}", "Name": "{name}"},
    "AWS::Lambda::Function": {"Arn": "arn:aws:lambda:{region}:{account}:function:{id}"},
}


def references(value: Any) -> set[str]:
    """Return the logical ids that a value refers to, without pseudo parameters.

    Examples
    --------
    >>> sorted(references([{"Ref": "X"}, {"Fn::Sub": "${Y.Arn}-${AWS::Region}"}, {"Fn::GetAtt": "Z.Arn"}]))
    ['X', 'Y', 'Z']
    """
    if isinstance(value, list):
        return {name for item in value for name in references(item)}
    if not isinstance(value, dict):
        return set()
    names = {name for item in value.values() for name in references(item)}
    match value:
        case {"Ref": str(name)}:
            names.add(name)
        case {"Fn::GetAtt": str(name) | [str(name), *_]}:
            names.add(name.partition(".")[0])
        case {"Fn::Sub": str(text) | [str(text), *_]}:
            names.update(name.strip().partition(".")[0] for name in _PLACEHOLDER.findall(text))
    return {name for name in names if not name.startswith("AWS::")}


@dataclass(frozen=True)
class Resource:
    """The resource of a logical id."""

    type: str
    physical_id: str


@dataclass(frozen=True)
class Intrinsics:
    """Resolves intrinsic functions of one service.

    Attributes
    ----------
    region, stack_name
        For the pseudo parameters.
    resources
        By logical id; a function also by its key in the serverless file.
    """

    region: str
    stack_name: str
    resources: Mapping[str, Resource] = field(default_factory=dict)

    def resolve(self, value: Any, where: str) -> Any:
        """Return a JSON value with all intrinsic functions in it resolved; the input is not changed.

        Raises
        ------
        DeployError
            A reference leads nowhere, or an intrinsic function is not supported; the message has `where` it is.
        """
        if isinstance(value, list):
            return [self.resolve(item, f"{where}.{index}") for index, item in enumerate(value)]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if name == "Ref":
                return self._ref(argument, where)
            if str(name).startswith("Fn::"):
                return self._call(name, argument, where)
        return {key: self.resolve(item, f"{where}.{key}") for key, item in value.items()}

    def _call(self, name: str, argument: Any, where: str) -> Any:
        match name, argument:
            case "Fn::GetAtt", [str(logical_id), str(attribute)]:
                return self._attribute(logical_id, attribute, where)
            case "Fn::GetAtt", str(dotted) if "." in dotted:
                logical_id, attribute = dotted.split(".", 1)
                return self._attribute(logical_id, attribute, where)
            case "Fn::Sub", str(text):
                return self._substitute(text, {}, where)
            case "Fn::Sub", [str(text), dict(names)]:
                return self._substitute(text, self.resolve(names, where), where)
            case "Fn::Join", [str(separator), list(parts)]:
                return separator.join(map(str, self.resolve(parts, where)))
        raise DeployError(f"{where}: {name} {str(argument)[:100]!r} is not supported; expected {_SUPPORTED}")

    def _ref(self, name: Any, where: str) -> str:
        pseudo = {
            "AWS::AccountId": ACCOUNT_ID,
            "AWS::Partition": "aws",
            "AWS::Region": self.region,
            "AWS::StackName": self.stack_name,
            "AWS::URLSuffix": "amazonaws.com",
        }
        return pseudo[name] if name in pseudo else self._resource(str(name), where).physical_id

    def _attribute(self, logical_id: str, attribute: str, where: str) -> str:
        resource = self._resource(logical_id, where)
        attributes = _ATTRIBUTES.get(resource.type, {})
        if attribute not in attributes:
            expected = ", ".join(attributes) or "none"
            raise DeployError(f"{where}: no attribute of {resource.type}; found {attribute!r}; expected {expected}")
        name = re.split(r"[:/]", resource.physical_id)[-1]
        return attributes[attribute].format(id=resource.physical_id, name=name, region=self.region, account=ACCOUNT_ID)

    def _substitute(self, text: str, names: Mapping[str, Any], where: str) -> str:
        def value(match: re.Match[str]) -> str:
            name = match[1].strip()
            if name in names:
                return str(names[name])
            logical_id, _, attribute = name.partition(".")
            return self._attribute(logical_id, attribute, where) if attribute else self._ref(name, where)

        return _PLACEHOLDER.sub(value, text).replace("${!", "${")

    def _resource(self, logical_id: str, where: str) -> Resource:
        if logical_id not in self.resources:
            known = ", ".join(sorted(self.resources)) or "none"
            raise DeployError(f"{where}: reference leads nowhere; found {logical_id!r}; expected one of {known}")
        return self.resources[logical_id]
