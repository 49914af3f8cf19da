"""Publish: copy the checked history to where people read, in one conditional copy. It has no notebook and no kernel."""

from __future__ import annotations

import os
from typing import Any

from aws_lambda_powertools import Logger, single_metric
from aws_lambda_powertools.metrics import MetricUnit

from etl.settings import Settings
from etl.storage.publication import Publication, publish

logger = Logger(service="device-operation-history")


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer with DataJoin's answer, which is the answer of the whole run, and the warnings of the checks.

    Parameters
    ----------
    event
        ``execution`` (name), ``join`` and ``check`` (the answers of DataJoin and CheckOutput) of the state machine.
    """
    logger.append_keys(execution=event["execution"])
    output = event["join"]["output"]
    publish(
        Publication(
            bucket=Settings.from_environment().analytics_bucket_name,
            source_key=output["key"],
            source_etag=output["etag"],
            n_bytes=output["bytes"],
            published_key=output["published_key"],
            replaced_etag=output["published_etag"],
            metadata={
                "execution": event["execution"],
                "sha256": output["sha256"],
                "manifest": event["check"]["manifest_key"],
            },
        )
    )
    with single_metric(
        name="DaysPublished", unit=MetricUnit.Count, value=1, namespace="DeviceOperationHistory"
    ) as metric:
        metric.add_dimension("FunctionName", os.environ["AWS_LAMBDA_FUNCTION_NAME"])
    return {**event["join"], "warnings": event["check"]["warnings"]}
