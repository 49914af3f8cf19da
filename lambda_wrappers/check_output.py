"""CheckOutput: audit the written history before it is published. Runs ``03_checks.ipynb`` and makes its report."""

from __future__ import annotations

import functools
from typing import Any

from etl.runs.layout import run_prefix
from etl.settings import Settings
from lambda_wrappers.notebook_execution import start_kernels
from lambda_wrappers.run_report import run_report
from lambda_wrappers.runner import Context, logger, run_notebook

NOTEBOOK = "03_checks.ipynb"

start_kernels(NOTEBOOK)


def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Answer how many checks passed, and the key of the manifest; a failed check is an error.

    Parameters
    ----------
    event
        From the state machine: ``execution`` (name), ``run_date``, ``history_etag`` (from DataJoin's answer) and
        ``file``, LoadFile's answer.
    context
        Lambda's context.
    """
    logger.append_keys(execution=event["execution"])
    settings = Settings.from_environment()
    return run_notebook(
        NOTEBOOK,
        {
            "analytics_bucket_name": settings.analytics_bucket_name,
            "run_date": event["run_date"],
            "execution": event["execution"],
            "history_etag": event["history_etag"],
            "time_zone": settings.time_zone,
        },
        bucket=settings.analytics_bucket_name,
        prefix=run_prefix(event["run_date"], event["execution"]),
        context=context,
        make_artifacts=functools.partial(
            run_report, run_date=event["run_date"], execution=event["execution"], file=event["file"]
        ),
    )
