"""LoadFile: is the raw file there, and what does it look like? Runs ``01_load.ipynb``."""

from __future__ import annotations

from typing import Any

from etl.contract.run_date import RunDate
from etl.errors import ParametersError
from etl.runs.layout import run_prefix
from etl.settings import DEFAULT_S3_OBJECT_KEY, Settings
from lambda_wrappers.runner import Context, logger, run_notebook, start_kernels

NOTEBOOK = "01_load.ipynb"
INPUT = ("run_date", "s3_object_key", "scheduled_at")

start_kernels("pandas", "etl.storage.object_store", "etl.raw.raw_file")


def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Answer ``{"file_exist": false}``, or true with where the file is, its ETag and size, and the run date.

    Parameters
    ----------
    event
        ``execution`` (name), ``started_at`` (UTC, ISO 8601) and ``input``, the execution's input, of the state machine:
        ``run_date``, or ``scheduled_at`` (UTC, ISO 8601; the date is then that instant's in the time zone of the
        settings, however late the start was), or neither (the date of the start); ``s3_object_key``.
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
