"""DataJoin: join the raw file with the device table, and write the history of the run. Runs ``02_join.ipynb``."""

from __future__ import annotations

from typing import Any

from etl.runs.layout import run_prefix
from etl.settings import Settings
from lambda_wrappers.notebook_execution import start_kernels
from lambda_wrappers.runner import Context, logger, run_notebook

NOTEBOOK = "02_join.ipynb"

start_kernels(NOTEBOOK)


def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Answer ``{"result": "Success.", "rows": ..., "output": ...}``.

    Parameters
    ----------
    event
        From the state machine: ``execution`` (name) and ``file``, LoadFile's answer.
    context
        Lambda's context.
    """
    logger.append_keys(execution=event["execution"])
    settings = Settings.from_environment()
    file = event["file"]
    return run_notebook(
        NOTEBOOK,
        {
            "raw_bucket_name": file["bucket_name"],
            "s3_object_key": file["s3_object_key"],
            "etag": file["etag"],
            "devices_table_name": settings.devices_table_name,
            "analytics_bucket_name": settings.analytics_bucket_name,
            "run_date": file["run_date"],
            "execution": event["execution"],
            "max_quarantine": settings.max_quarantine,
            "csv_encoding": settings.csv_encoding,
        },
        bucket=settings.analytics_bucket_name,
        prefix=run_prefix(file["run_date"], event["execution"]),
        context=context,
    )
