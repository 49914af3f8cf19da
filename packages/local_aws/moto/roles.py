"""Roles and bucket policies that stacks deploy, and the role that a state machine acts with; moto ignores them."""

import contextlib
import importlib
import json
import os
import sys
from typing import Any

import boto3
from botocore.config import Config

from local_aws.iam.credentials import STATES_KEY_VARIABLE, states_access_key

_BOTO_CLIENT = "moto.stepfunctions.parser.asl.utils.boto_client"


def deploy_bucket_policies() -> None:
    """Let stacks make bucket policies; the gateway evaluates them, and moto, which ignores conditions, does not.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucketpolicy.html
    """
    from moto.core.common_models import CloudFormationModel  # noqa: PLC0415 - a second's work, in the background
    from moto.iam.access_control import PermissionResult  # noqa: PLC0415 - the same
    from moto.s3.exceptions import MissingBucket  # noqa: PLC0415 - the same
    from moto.s3.models import FakeBucket, s3_backends  # noqa: PLC0415 - the same

    class BucketPolicy(CloudFormationModel):  # type: ignore[misc]
        def __init__(self, template: dict[str, Any], account_id: str) -> None:
            self._buckets = s3_backends[account_id]["aws"]
            self.physical_resource_id = template["Properties"]["Bucket"]
            document = json.dumps(template["Properties"]["PolicyDocument"], default=str)
            self._buckets.put_bucket_policy(self.physical_resource_id, document.encode())

        def delete(self, _account_id: str, _region_name: str) -> None:
            with contextlib.suppress(MissingBucket):  # moto deletes in any order: the bucket may have gone first
                self._buckets.delete_bucket_policy(self.physical_resource_id)

        @staticmethod
        def cloudformation_name_type() -> str:
            return ""

        @staticmethod
        def cloudformation_type() -> str:
            return "AWS::S3::BucketPolicy"

        @classmethod
        def create_from_cloudformation_json(
            cls, _name: str, template: dict[str, Any], account_id: str, _region_name: str, **_: Any
        ) -> Any:
            return cls(template, account_id)

        @classmethod
        def update_from_cloudformation_json(
            cls, *, cloudformation_json: dict[str, Any], account_id: str, **_: Any
        ) -> Any:
            return cls(cloudformation_json, account_id)

    deploy_bucket_policies.model = BucketPolicy  # type: ignore[attr-defined]  # moto finds it while it is referred to
    FakeBucket.get_permission = lambda *_: PermissionResult.NEUTRAL


def complete_roles() -> None:
    """Let a stack write a role's policies as JSON text, and replace them when it is updated."""
    from moto.iam.models import Role  # noqa: PLC0415 - the same

    update, put_policy = Role.update_from_cloudformation_json.__func__, Role.put_policy

    def update_policies(cls: Any, /, *, cloudformation_json: dict[str, Any], **named: Any) -> Any:
        role = update(cls, cloudformation_json=cloudformation_json, **named)
        for name in list(role.policies):
            role.delete_policy(name)
        for policy in cloudformation_json["Properties"].get("Policies", []):
            role.put_policy(policy["PolicyName"], policy["PolicyDocument"])
        return role

    def put_text(self: Any, name: str, document: Any) -> None:
        put_policy(self, name, document if isinstance(document, str) else json.dumps(document, default=str))

    Role.put_policy = put_text
    Role.update_from_cloudformation_json = classmethod(update_policies)


def act_with_roles() -> None:
    """Let a state machine call other services with its own role, or with the role of a state's ``Credentials``."""
    known = importlib.import_module(_BOTO_CLIENT)
    original = known.boto_client_for

    def client_for(region: str, service: str, state_credentials: Any = None) -> Any:
        if state_credentials is None:
            return original(region, service)
        seconds = known.TimeoutSeconds.DEFAULT_TIMEOUT_SECONDS
        retries: Any = {"total_max_attempts": 1}
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=f"http://localhost:{known.moto_server_port()}",
            aws_access_key_id=states_access_key(os.environ[STATES_KEY_VARIABLE], state_credentials.role_arn),
            aws_secret_access_key="-",  # noqa: S106 - nobody checks signatures
            config=Config(parameter_validation=False, retries=retries, connect_timeout=seconds, read_timeout=seconds),
        )

    for name, module in list(sys.modules.items()):
        if name.startswith("moto.stepfunctions.") and getattr(module, "boto_client_for", None) is original:
            module.boto_client_for = client_for  # type: ignore[attr-defined]
