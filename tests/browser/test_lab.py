"""JupyterLab as ``make lab`` serves it: Run All in every notebook, in a real browser."""

import contextlib
import json
import shutil
import subprocess

import psutil
import pytest
from lab_in_browser import lab, open_notebook, run_all

from etl.runs.provenance import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.functional, pytest.mark.notebook, pytest.mark.slow]

NOTEBOOKS = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
COPIED = ("etl", "infrastructure", "lambda_wrappers", "notebooks", "packages", "sample", "workflow")
COPIED += ("requirements", "serverless.yml", "serverless-resources.yml")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Return a copy of the project whose notebooks show nothing yet: Run All may save there what it likes."""
    folder = tmp_path_factory.mktemp("project")
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    for name in NOTEBOOKS:
        path = folder / "notebooks" / name
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"], cell["execution_count"] = [], None
        path.write_text(json.dumps(notebook), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def served(project):
    """Return the one JupyterLab of this file; in the end it, its kernels and the embedded AWS are gone."""
    # it brings an embedded AWS of its own, whatever this session talks to
    with lab(cwd=project, environment={"PYTHONPATH": f"{project}:{project / 'packages'}"}) as started:
        yield started
        children = psutil.Process(started.process.pid).children(recursive=True)
        assert len(children) > len(NOTEBOOKS)
    assert started.process.returncode == 0, started.output
    _gone, alive = psutil.wait_procs(children, timeout=5)
    assert alive == []


@pytest.fixture(scope="module")
def page(browser):
    """Return one page, which keeps what it has loaded of JupyterLab."""
    made = browser.new_page(viewport={"width": 1400, "height": 1000})
    yield made
    made.close()


@contextlib.contextmanager
def pictured(page, folder):
    """Leave a picture of the page in `folder` where the block fails."""
    try:
        yield
    except BaseException:
        page.screenshot(path=folder / "page.png")
        raise


def committed():
    """Return the committed notebooks, to the byte, and what git says of them."""
    status = subprocess.run(["git", "status", "--short", "notebooks"], cwd=ROOT, capture_output=True, check=False)
    return {name: (ROOT / "notebooks" / name).read_bytes() for name in NOTEBOOKS}, status.stdout


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_run_all_works_and_shows_what_is_committed(served, page, tmp_path, name):
    """No error; tables and pictures stand on the page; the committed notebooks are as they were."""
    before = committed()
    with pictured(page, tmp_path):
        open_notebook(page, served, f"notebooks/{name}")
        notebook = run_all(page, served, f"notebooks/{name}")
        check_outputs(notebook)
        check_page(page, notebook)
        if name == "02_join.ipynb":
            row = page.locator(".jp-Notebook:visible table.dataframe tr").filter(has_text="1616506165").first
            cells = row.locator("td").all_inner_texts()
            assert cells == ["device_m6mww3ss", "1616506165", "on", "user_0001", "エアコン"]
    assert committed() == before


def check_outputs(notebook):
    """Check what was saved: every cell was run, in order, and none raised."""
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert [out for cell in code for out in cell["outputs"] if out["output_type"] == "error"] == []


def check_page(page, notebook):
    """Check what is visible: each table, and each picture with its pixels, at least one where there is a plot."""
    shown = [out.get("data", {}) for cell in notebook["cells"] for out in cell.get("outputs", [])]
    n_tables = sum("".join(data.get("text/html", "")).count("<table") for data in shown)
    n_pictures = sum("image/png" in data for data in shown)
    visible = page.locator(".jp-Notebook:visible")
    assert visible.locator(".jp-RenderedHTMLCommon[data-mime-type='text/html'] table").count() == n_tables > 0
    pictures = visible.locator(".jp-RenderedImage img")
    assert pictures.count() == n_pictures
    assert all(width > 0 for width in pictures.evaluate_all("images => images.map(image => image.naturalWidth)"))
    is_plotted = any("plots.plot_" in "".join(cell["source"]) for cell in notebook["cells"])
    assert bool(n_pictures) is is_plotted
