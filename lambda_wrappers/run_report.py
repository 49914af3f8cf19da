"""The report of a run: CheckOutput's executed notebook as a web page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from etl.runs.layout import HISTORY, MANIFEST, QUARANTINE, REPORT, name_and_try
from lambda_wrappers.run_folder import Artifact
from lambda_wrappers.runner import ExecutedNotebook
from notebook_report import Banner, make_page

TITLE = "Checks of a day"
# the files that the report links, each with its later tries, in this order
FILES = {
    "01_load.ipynb": "the notebook that found the raw file, as it was executed",
    "02_join.ipynb": "the notebook that joined it with the device table",
    "03_checks.ipynb": "the notebook behind this page, with its code",
    MANIFEST: "the run's record of itself: input, counts, checks, versions",
    QUARANTINE: "the records that broke the contract, with the reason",
    HISTORY: "the device operation history, as it was checked",
}


def run_report(
    executed: ExecutedNotebook, *, run_date: str, execution: str, file: Mapping[str, Any]
) -> dict[str, Artifact]:
    """Return the report, as `lambda_wrappers.runner.run_notebook` expects its artifacts.

    Parameters
    ----------
    executed
        CheckOutput's notebook, passed or failed.
    run_date, execution
        Of the run.
    file
        LoadFile's answer: which raw file was read.
    """
    page = make_page(
        json.loads(executed.content) if executed.content else None,
        banner=_banner(executed),
        title=TITLE,
        facts={
            "Run date": run_date,
            "Execution": execution,
            "Input": f"s3://{file['bucket_name']}/{file['s3_object_key']} ({file['bytes']:,} bytes)",
        },
        links=_links(executed),
    )
    return {REPORT: Artifact(page, "text/html; charset=utf-8")}


def _banner(executed: ExecutedNotebook) -> Banner:
    if executed.failure:
        cause = f"{type(executed.failure).__name__}: {executed.failure}"
        return Banner("failure", "Failed: not published", "The checks did not come to their end.", cause)
    result = executed.result or {}
    warnings = ", ".join(map(str, result.get("warnings", [])))
    if warnings:
        return Banner("warning", "Passed, worth a look", f"The day may be published. These checks warn: {warnings}.")
    return Banner("success", "Passed", "The day may be published: no check failed, and none warns.")


def _links(executed: ExecutedNotebook) -> dict[str, str]:
    """Return the files of the run that the report links, with their descriptions; a run that failed early has fewer."""
    names = {name_and_try(name): name for name in executed.beside | ({executed.name} if executed.content else set())}
    order = list(FILES)
    linked = sorted((key for key in names if key[0] in FILES), key=lambda key: (order.index(key[0]), key[1]))
    return {names[key]: FILES[key[0]] for key in linked}
