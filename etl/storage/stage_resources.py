"""The buckets and the table of a stage, from the outputs of its stack."""

from __future__ import annotations

from dataclasses import dataclass

from etl.storage.aws import aws_errors, client, require_right_aws

STACK = "device-operation-history-resources"
DEFAULT_REGION = "ap-northeast-1"


@dataclass(frozen=True)
class StageResources:
    """The physical names of what outlives a deploy."""

    raw_bucket_name: str
    analytics_bucket_name: str
    devices_table_name: str


def stage_resources(stage: str) -> StageResources:
    """Read the outputs of a stage's resource stack, in the region of the environment.

    Parameters
    ----------
    stage
        Such as ``prod``; ``local`` is the embedded AWS.

    Raises
    ------
    SettingsError
        The stage is the embedded AWS, and the environment leads elsewhere.
    EtlError
        There is no such stack, or AWS refused or did not answer.
    """
    name = f"{STACK}-{stage}"
    with aws_errors(f"stack {name}"):
        cloudformation = client("cloudformation")
        require_right_aws(name, cloudformation.meta.endpoint_url)
        (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    return StageResources(outputs["RawDataBucketName"], outputs["DataAnalyticsBucketName"], outputs["DevicesTableName"])
