"""Make the pictures in docs/images anew, in a real browser: JupyterLab on the sample, the report of the month."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib_fontja
from lab_in_browser import CHROMIUM, OPTIONS, LabError, lab, open_notebook, run_all
from playwright.sync_api import Browser, sync_playwright

from etl.cli.sample import SAMPLE_DEVICES, SAMPLE_RAW, SAMPLE_RUN_DATE
from etl.runs.layout import REPORT, RUNS
from etl.runs.provenance import ROOT

IMAGES = ROOT / "docs" / "images"
MAX_BYTES = 200_000
LAB_SIZE = {"width": 1280, "height": 800}
REPORT_SIZES = {"report-desktop": {"width": 1280, "height": 900}, "report-phone": {"width": 390, "height": 844}}


class ScreenshotError(Exception):
    """A picture could not be made."""


def main() -> int:
    """Make all pictures; return the exit code."""
    if CHROMIUM is None:
        print("make_screenshots: no Chromium here; 'apt-get install chromium' brings it.", file=sys.stderr)
        return 1
    IMAGES.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
            # a machine without a Japanese font would show boxes
            fonts = Path(folder) / "data" / "fonts"
            fonts.mkdir(parents=True)
            shutil.copy(matplotlib_fontja.get_font_ttf_path(), fonts)
            environment = {**os.environ, "XDG_DATA_HOME": str(fonts.parent)}
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS, env=environment)
            picture_of_lab(browser, Path(folder))
            pictures_of_report(browser, Path(folder))
            browser.close()
    except (LabError, ScreenshotError) as error:
        print(f"make_screenshots: {error}", file=sys.stderr)
        return 1
    return 0


def picture_of_lab(browser: Browser, folder: Path) -> None:
    """Show the merged table in JupyterLab."""
    # files given by name, because 'etl lab' then opens copies and changes no committed notebook
    files = ("--raw", str(SAMPLE_RAW), "--devices", str(SAMPLE_DEVICES), "--run-date", SAMPLE_RUN_DATE)
    with lab(*files, "--out", str(folder / "out"), cwd=folder) as server:
        name = "explore.ipynb"  # the run did not execute it, so it has no outputs yet
        page = browser.new_page(viewport=LAB_SIZE, device_scale_factor=1)
        open_notebook(page, server, name)
        run_all(page, server, name)
        joined = page.locator(".jp-Notebook:visible table.dataframe").filter(has_text="_merge").first
        joined.evaluate("table => table.scrollIntoView({block: 'center'})")
        page.mouse.move(0, 0)
        page.wait_for_timeout(500)
        _save("jupyterlab", page.screenshot())
        page.close()


def pictures_of_report(browser: Browser, folder: Path) -> None:
    """Show the report of the household month at the width of a desktop and of a phone."""
    sample, out = SAMPLE_RAW.parent, folder / "out"
    command = [sys.executable, "-m", "etl", "run", "--raw", str(sample / "household-month.json"), "--out", str(out)]
    command += ["--devices", str(sample / "household-devices.json"), "--run-date", "2021-04-30"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise ScreenshotError(f"etl run failed: {answer.stderr.strip()}")
    (report,) = (out / RUNS).glob(f"20210430/*/{REPORT}")
    for name, size in REPORT_SIZES.items():
        page = browser.new_page(viewport=size, device_scale_factor=1)
        page.goto(report.as_uri())
        _save(name, page.screenshot())
        page.close()


def _save(name: str, png: bytes) -> None:
    if len(png) > MAX_BYTES:
        raise ScreenshotError(f"{name}.png: {len(png):,} bytes; expected at most {MAX_BYTES:,}. Make its view smaller.")
    path = IMAGES / f"{name}.png"
    path.write_bytes(png)
    print(f"{path.relative_to(ROOT)}: {len(png) / 1000:.0f} kB", flush=True)


if __name__ == "__main__":
    sys.exit(main())
