"""LoadFile: is the raw file there, and how does it begin? Runs ``01_load.ipynb``."""

from __future__ import annotations

from typing import Any

from etl.contract.run_date import RunDate
from etl.errors import ParametersError
from etl.runs.layout import run_prefix
from etl.settings import DEFAULT_S3_OBJECT_KEY, Settings
from lambda_wrappers.notebook_execution import start_kernels
from lambda_wrappers.runner import Context, logger, run_notebook

NOTEBOOK = "01_load.ipynb"
INPUT = ("run_date", "s3_object_key", "scheduled_at")

start_kernels(NOTEBOOK)


def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Answer ``{"file_exist": false}``, or true with bucket, key, ETag and size of the file, and the run date.

    Parameters
    ----------
    event
        From the state machine: ``execution`` (name), ``started_at`` (UTC, ISO 8601) and ``input``, the execution's
        input. The input may have ``s3_object_key`` and ``run_date``; without the latter, the run date is the date of
        ``scheduled_at`` (UTC, ISO 8601), or of the start, in the time zone of the settings.
    context
        Lambda's context.
    """
    logger.append_keys(execution=event["execution"])
    settings = Settings.from_environment()
    execution_input = event["input"]
    unknown = ", ".join(f"{name!r:.60}" for name in execution_input if name not in INPUT)
    if unknown:
        raise ParametersError(f"execution input: unknown {unknown}; expected nothing but {', '.join(INPUT)}.")
    started_at = execution_input.get("scheduled_at", event["started_at"])
    run_date = RunDate.of_instant(started_at, settings.time_zone)
    if "run_date" in execution_input:
        run_date = RunDate.parse(execution_input["run_date"])
    return run_notebook(
        NOTEBOOK,
        {
            "raw_bucket_name": settings.raw_bucket_name,
            "s3_object_key": execution_input.get("s3_object_key", DEFAULT_S3_OBJECT_KEY),
            "run_date": str(run_date),
        },
        bucket=settings.analytics_bucket_name,
        prefix=run_prefix(run_date, event["execution"]),
        context=context,
    )
