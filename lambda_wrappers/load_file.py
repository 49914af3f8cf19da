"""LoadFile: is the raw file there, and what does it look like? Runs ``01_load.ipynb``."""

from __future__ import annotations

from typing import Any

from etl.errors import ParametersError
from etl.runs.layout import run_prefix
from etl.settings import DEFAULT_S3_OBJECT_KEY, Settings, checked_run_date, run_date_of
from lambda_wrappers.runner import Context, logger, run_notebook, start_kernels

NOTEBOOK = "01_load.ipynb"
INPUT = ("run_date", "s3_object_key", "scheduled_at")

start_kernels(NOTEBOOK)


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
    given = event["input"]
    unknown = ", ".join(f"{name!r:.60}" for name in given if name not in INPUT)
    if unknown:
        raise ParametersError(f"execution input: unknown {unknown}; expected nothing but {', '.join(INPUT)}.")
    started_at = given.get("scheduled_at", event["started_at"])
    run_date = checked_run_date(given.get("run_date", run_date_of(started_at, settings.time_zone)))
    return run_notebook(
        NOTEBOOK,
        {
            "raw_bucket_name": settings.raw_bucket_name,
            "s3_object_key": given.get("s3_object_key", DEFAULT_S3_OBJECT_KEY),
            "run_date": run_date,
        },
        bucket=settings.analytics_bucket_name,
        prefix=run_prefix(run_date, event["execution"]),
        context=context,
    )
