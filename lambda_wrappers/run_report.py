"""The report of a run: CheckOutput's executed notebook as a page, for people who would rather look than read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lambda_wrappers.runner import Executed, Left
from notebook_report import Banner, make_page

NAME = "report.html"
TITLE = "Checks of a day"
# What lies beside the report, in the order in which it is linked; the notebooks in each of their tries
FILES = {
    "01_load": "the notebook that found the raw file, as it was executed",
    "02_join": "the notebook that joined it with the device table",
    "03_checks": "the notebook behind this page, with its code",
    "manifest": "the run's record of itself: input, counts, checks, versions",
    "quarantine": "the records that broke the contract, with the reason",
    "history": "the device operation history, as it was checked",
}


def run_report(executed: Executed, *, run_date: str, execution: str, file: Mapping[str, Any]) -> dict[str, Left]:
    """Return the report, for `lambda_wrappers.runner.run_notebook` to keep.

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
    return {NAME: Left(page, "text/html; charset=utf-8")}


def _banner(executed: Executed) -> Banner:
    if executed.failure:
        cause = f"{type(executed.failure).__name__}: {executed.failure}"
        return Banner("failure", "Failed: not published", "The checks did not come to their end.", cause)
    result = executed.result or {}
    warnings = ", ".join(map(str, result.get("warnings", [])))
    if warnings:
        return Banner("warning", "Passed, worth a look", f"The day may be published. These checks warn: {warnings}.")
    return Banner("success", "Passed", "The day may be published: no check failed, and none warns.")


def _links(executed: Executed) -> dict[str, str]:
    """Return the files that there are: a run that failed early has fewer."""
    names = executed.beside | ({executed.name} if executed.content else set())
    found = {name: FILES[name.partition(".")[0]] for name in names if name.partition(".")[0] in FILES}
    order = list(FILES)
    return dict(sorted(found.items(), key=lambda item: (order.index(item[0].partition(".")[0]), len(item[0]), item[0])))
