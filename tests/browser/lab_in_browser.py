"""JupyterLab as an analyst uses it: a process of ``etl lab``, a page of a real browser, Run All."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from typing import Any
from urllib.parse import quote, urlsplit

from playwright.sync_api import Page

CHROMIUM = next((path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path), None)
# no sandbox: a container's user is root, and only our own pages are opened. The others switch off calls home
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS, RUN_SECONDS, STOP_SECONDS = 60.0, 60.0, 20.0
POLL_SECONDS = 0.3
# of the user's settings none: no question about news, and all cells in the page, also those out of sight
SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"checkForUpdates": False, "doNotDisturbMode": True, "fetchNews": "false"},
}


class LabError(Exception):
    """JupyterLab did not come up, or a notebook did not end."""


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab.

    Attributes
    ----------
    base_url
        Such as ``http://127.0.0.1:8888``.
    token
        The secret in the address, which gives a browser access.
    process
        Of ``etl lab``.
    output
        The lines that the process has printed so far.
    """

    base_url: str
    token: str
    process: subprocess.Popen[str]
    output: list[str]

    def url(self, path: str) -> str:
        """Return the address of a notebook, `path` below JupyterLab's folder."""
        return f"{self.base_url}/lab/tree/{quote(path)}?token={self.token}&reset"

    def saved(self, path: str) -> dict[str, Any]:
        """Return the saved state of a notebook."""
        url = f"{self.base_url}/api/contents/{quote(path)}?token={self.token}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            content: dict[str, Any] = json.load(answer)["content"]
        return content


@contextmanager
def lab(*arguments: str, cwd: Path, environment: Mapping[str, str] | None = None) -> Iterator[Lab]:
    """Run ``etl lab --no-browser`` with more arguments while the block lasts.

    Raises
    ------
    LabError
        The process ended, or printed no address within a minute.
    """
    with tempfile.TemporaryDirectory() as home:
        for name, values in SETTINGS.items():
            path = Path(home) / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values), encoding="utf-8")
        folders = {"JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces"}
        folders |= {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_RUNTIME_DIR": "runtime", "IPYTHONDIR": "ipython"}
        process = subprocess.Popen(
            [sys.executable, "-m", "etl", "lab", "--no-browser", *arguments],
            cwd=cwd,
            env={**os.environ, **{name: f"{home}/{folder}" for name, folder in folders.items()}, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # handle Ctrl-C, which a process that was started in the background ignores
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 - takes no lock
        )
        try:
            yield _started(process)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.terminate()
                process.wait(STOP_SECONDS)


def open_notebook(page: Page, lab: Lab, path: str) -> None:
    """Open a notebook, and wait until its kernel is there."""
    page.goto(lab.url(path))
    page.locator(".jp-Notebook:visible .jp-Cell").first.wait_for(timeout=RUN_SECONDS * 1000)
    # the status bar; the notebook's own indicator is idle also before the kernel has started
    page.get_by_text(re.compile(r"\(ipykernel\) \| Idle")).first.wait_for(timeout=RUN_SECONDS * 1000)


def run_all(page: Page, lab: Lab, path: str) -> dict[str, Any]:
    """Choose Run > Run All Cells in an open notebook without outputs; return the notebook, saved after the last cell.

    Raises
    ------
    LabError
        The cells did not end in time.
    """
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    end = time.monotonic() + RUN_SECONDS
    while not _is_done(page):
        if time.monotonic() > end:
            raise LabError(f"{path}: not all cells were run within {RUN_SECONDS:.0f} s.")
        page.wait_for_timeout(POLL_SECONDS * 1000)
    # read after the save: a server that reads a half-written file reports it as broken
    page.keyboard.press("Control+s")
    page.wait_for_function("() => !document.querySelector('.jp-mod-dirty')", timeout=RUN_SECONDS * 1000)
    return lab.saved(path)


def _is_done(page: Page) -> bool:
    """Return whether every cell of the open notebook has its number, or a cell raised and the later ones get none."""
    notebook = page.locator(".jp-Notebook:visible")
    prompts = [prompt.strip() for prompt in notebook.locator(".jp-CodeCell .jp-InputPrompt").all_inner_texts()]
    raised = notebook.locator("[data-mime-type='application/vnd.jupyter.error']").count() > 0
    waiting = ("[*]:",) if raised else ("[*]:", "[ ]:")
    return bool(prompts) and not any(prompt in waiting for prompt in prompts)


def _started(process: subprocess.Popen[str]) -> Lab:
    """Read the output until the address appears; a thread reads on, so that the process never blocks on a full pipe."""
    output: list[str] = []
    lines: Queue[str] = Queue()

    def read() -> None:
        for line in process.stdout or ():
            output.append(line)
            lines.put(line)
        lines.put("")

    threading.Thread(target=read, daemon=True).start()
    end = time.monotonic() + START_SECONDS
    while (left := end - time.monotonic()) > 0:
        try:
            line = lines.get(timeout=left)
        except Empty:
            break
        if not line:
            raise LabError(f"etl lab ended: {''.join(output)}")
        if address := re.search(r"http://127\.0\.0\.1:\d+/lab\S*\?token=(\w+)", line):
            url = urlsplit(address[0])
            return Lab(f"{url.scheme}://{url.netloc}", address[1], process, output)
    raise LabError(f"etl lab said no address within {START_SECONDS:.0f} s: {''.join(output)}")
