"""Make the pictures in docs/images anew: what a user sees, in a real browser, on the sample.

JupyterLab is that of 'etl lab'; the report that of 'etl run', on the household month if the sample has one. What does
not exist is left out, with a word.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib_fontja
from playwright.sync_api import Browser, sync_playwright

from etl.cli.sample import SAMPLE_DEVICES, SAMPLE_RAW, SAMPLE_RUN_DATE
from lab_in_browser import LabError, lab, open_notebook, run_all

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
MOST_BYTES = 200_000
LAB_SIZE = {"width": 1280, "height": 800}
REPORT_SIZES = {"report-desktop": {"width": 1280, "height": 900}, "report-phone": {"width": 390, "height": 844}}


class ScreenshotError(Exception):
    """A picture could not be made."""


def main() -> int:
    """Make all pictures; return the exit code."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        print("make_screenshots: no Chromium here; 'apt-get install chromium' brings it.", file=sys.stderr)
        return 1
    IMAGES.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium,
                args=["--no-sandbox", "--disable-gpu"],
                env={**os.environ, "XDG_DATA_HOME": str(_with_font(Path(folder) / "data"))},
            )
            picture_of_lab(browser, Path(folder))
            pictures_of_report(browser, Path(folder))
            browser.close()
    except (LabError, ScreenshotError) as error:
        print(f"make_screenshots: {error}", file=sys.stderr)
        return 1
    return 0


def picture_of_lab(browser: Browser, folder: Path) -> None:
    """Show the merged table in JupyterLab, opened on copies, so that no committed notebook changes."""
    # as a stranger's files: the notebooks are then copies
    files = ("--raw", str(SAMPLE_RAW), "--devices", str(SAMPLE_DEVICES), "--run-date", SAMPLE_RUN_DATE)
    with lab(*files, "--out", str(folder / "out"), cwd=folder) as served:
        name = "explore.ipynb"  # the run did not execute it, so it shows nothing yet
        page = browser.new_page(viewport=LAB_SIZE, device_scale_factor=1)
        open_notebook(page, served, name)
        run_all(page, served, name)
        joined = page.locator(".jp-Notebook:visible table.dataframe").filter(has_text="_merge").first
        joined.evaluate("table => table.scrollIntoView({block: 'center'})")
        page.mouse.move(0, 0)
        page.wait_for_timeout(500)
        _save("jupyterlab", page.screenshot())
        page.close()


def pictures_of_report(browser: Browser, folder: Path) -> None:
    """Show the report of a run at the width of a desk and of a phone."""
    report = _report(folder / "out")
    if report is None:
        print("Left out: this version of 'etl run' leaves no report.html.")
        return
    for name, size in REPORT_SIZES.items():
        page = browser.new_page(viewport=size, device_scale_factor=1)
        page.goto(report.as_uri())
        _save(name, page.screenshot())
        page.close()


def _report(out: Path) -> Path | None:
    """Run the pipeline on the household month, or on the sample where there is no month, and return its report."""
    month = ROOT / "sample" / "household-month.json"
    raw, devices, run_date = SAMPLE_RAW, SAMPLE_DEVICES, SAMPLE_RUN_DATE
    if month.exists():
        raw, devices, run_date = month, month.with_name("household-devices.json"), "2021-04-30"
    else:
        print("The sample has no household month: the report is that of its one day.")
    command = [sys.executable, "-m", "etl", "run", "--raw", str(raw), "--devices", str(devices)]
    command += ["--run-date", run_date, "--out", str(out)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise ScreenshotError(f"etl run failed: {answer.stderr.strip()}")
    return next(iter(sorted(out.glob("runs/*/*/report.html"))), None)


def _with_font(data: Path) -> Path:
    """Return a folder for data with a Japanese font in it; a machine without one would show boxes."""
    (data / "fonts").mkdir(parents=True)
    shutil.copy(matplotlib_fontja.get_font_ttf_path(), data / "fonts")
    return data


def _save(name: str, png: bytes) -> None:
    if len(png) > MOST_BYTES:
        raise ScreenshotError(
            f"{name}.png: {len(png):,} bytes; expected at most {MOST_BYTES:,}. Make its view smaller."
        )
    path = IMAGES / f"{name}.png"
    path.write_bytes(png)
    print(f"{path.relative_to(ROOT)}: {len(png) / 1000:.0f} kB", flush=True)


if __name__ == "__main__":
    sys.exit(main())
