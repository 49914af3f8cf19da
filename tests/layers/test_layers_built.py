"""The really built layers: their size, what they hold, and that notebooks run from them and nothing else."""

from __future__ import annotations

import json
import os
import re
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from etl.runs.provenance import ROOT
from layers.budget import check_budget
from layers.built import BuiltLayer
from layers.target import Target
from layers.trim import SHIPPED_SERVICES
from package import (
    FUNCTION,
    LOCK,
    UNNEEDED,
    build_function,
    build_project_layers,
    layers_of_functions,
    unzipped_bytes,
)

pytestmark = pytest.mark.slow

Unzipped = Callable[[str], Path]
NAMES = ("base", "report", "arrow")


def test_every_function_fits(built_layers: list[BuiltLayer], tmp_path: Path) -> None:
    """A function and its layers stay 10 MiB below Lambda's limit."""
    functions = layers_of_functions()
    assert any("base" in names for names in functions.values())
    build_function(tmp_path / FUNCTION.name)
    check_budget(functions, built_layers, code_bytes=unzipped_bytes(tmp_path / FUNCTION.name))


def locked() -> set[str]:
    """Return the canonical names of the lock's packages for the target."""
    lines = [line.removesuffix("\\") for line in LOCK.read_text(encoding="utf-8").splitlines()]
    pins = [Requirement(line) for line in lines if line and not line.startswith((" ", "#"))]
    environment = Target().marker_environment
    return {canonicalize_name(pin.name) for pin in pins if not pin.marker or pin.marker.evaluate(environment)}


def files(folder: Path) -> list[str]:
    """Return the files below a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def distributions(folder: Path) -> set[str]:
    """Return the canonical names of the packages with metadata."""
    return {canonicalize_name(path.parent.name.split("-")[0]) for path in folder.glob("*.dist-info/METADATA")}


def test_each_locked_package_is_in_exactly_one_layer(unzipped: Unzipped) -> None:
    """With its metadata: versions and plug-ins are looked up there."""
    base, report, arrow = (distributions(unzipped(name)) for name in NAMES)
    assert not base & report | base & arrow | report & arrow
    assert arrow == {"pyarrow"}
    assert base | report | arrow == locked() - UNNEEDED.keys()
    assert {"matplotlib", "matplotlib-fontja", "pillow"} <= report
    assert {"papermill", "ipykernel", "pandas", "numpy", "boto3", "aws-lambda-powertools"} <= base


def test_layers_share_no_file(unzipped: Unzipped) -> None:
    """Lambda lays them over each other: none hides a file of another."""
    found = [path for name in NAMES for path in files(unzipped(name))]
    assert len(found) == len(set(found))


def test_holds_nothing_for_developers(unzipped: Unzipped) -> None:
    """No debugger, tests, headers or stubs."""
    for name in NAMES:
        found = files(unzipped(name))
        assert not [
            path
            for path in found
            if re.search(r"^(debugpy|jedi|bin|share)/|/tests?/|\.(pyi|pxd|pyx|h|c|a)$|dist-info/RECORD$", path)
            and "/licenses/" not in path
        ]


def test_keeps_the_terms_of_use(unzipped: Unzipped) -> None:
    """Who ships others' work ships their licence; the font's is in its package."""
    for name, package in (
        ("base", "numpy"),
        ("base", "pandas"),
        ("report", "matplotlib"),
        ("report", "pillow"),
        ("arrow", "pyarrow"),
    ):
        assert [path for path in files(unzipped(name)) if re.match(rf"{package}-[^/]+/.*LICEN[CS]E", path)]
    of_font = re.compile(r"matplotlib_fontja.*/.*LICEN[CS]E", re.IGNORECASE)
    assert [path for path in files(unzipped("report")) if of_font.match(path)]


def test_every_module_has_bytecode_that_is_taken_unchecked(unzipped: Unzipped) -> None:
    """A read-only file system cannot keep what a kernel compiles: pandas would be compiled at each start."""
    for name in NAMES:
        folder = unzipped(name)
        modules = {path for path in files(folder) if path.endswith(".py")}
        compiled = {path for path in files(folder) if path.endswith(".pyc")}
        assert {re.sub(r"__pycache__/(.+)\.cpython-313\.pyc$", r"\1.py", path) for path in compiled} == modules
        for path in compiled:
            with (folder / path).open("rb") as file:
                assert file.read(8)[4:] == b"\1\0\0\0", path


def test_holds_no_path_of_this_machine(unzipped: Unzipped, interpreter: Path) -> None:
    """Neither the project's folder nor that of an unfinished build nor the interpreter."""
    telling = [text.encode() for text in (f"{ROOT}/", ".unfinished-", str(interpreter))]
    for name in NAMES:
        for path in files(unzipped(name)):
            content = (unzipped(name) / path).read_bytes()
            assert not [text for text in telling if text in content], path


@pytest.mark.exhaustive
def test_the_same_lock_gives_the_same_bytes(
    built_layers: list[BuiltLayer], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """A second build elsewhere gives what the first gave. It is made once for each key: pytest keeps what it gave."""
    key = json.loads((ROOT / "build" / "layers" / "layers.json").read_text(encoding="utf-8"))["key"]
    kept = getattr(request.config, "cache", None)
    again = kept.get(f"layers/{key}", None) if kept else None
    if again is None:
        again = {layer.name: layer.zip_sha256 for layer in build_project_layers(out=tmp_path / "some" / "other")}
        if kept:
            kept.set(f"layers/{key}", again)
    assert again == {layer.name: layer.zip_sha256 for layer in built_layers}


@pytest.fixture(scope="module")
def lambda_python(interpreter: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a Python of Lambda's version that has nothing installed."""
    folder = tmp_path_factory.mktemp("runtime")
    subprocess.run([interpreter, "-m", "venv", "--without-pip", folder], check=True)
    return folder / "bin" / "python"


RUN = """
import os, sys, papermill
papermill.execute_notebook(sys.argv[1], sys.argv[2], kernel_name="python3", progress_bar=False,
    parameters={"greeting": "エアコン"}, shutdown_kernel="immediate",
    extra_arguments=["--IPKernelApp.log_level=ERROR"])
"""
IMPORTED_FROM = """
import sys, sysconfig
allowed = (*LAYERS, sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))
stray = {name: module.__file__ for name, module in list(sys.modules.items())
         if getattr(module, "__file__", None) and not module.__file__.startswith(allowed)}
assert not stray, stray
assert not compiled_here, compiled_here
import importlib.util
assert importlib.util.find_spec("debugpy") is None
"""
ON_PANDAS = [
    """
import os, sys
from importlib.metadata import version
LAYERS = tuple(os.environ["PYTHONPATH"].split(os.pathsep))
compiled_here = []
def watch(event, arguments):
    if event == "compile" and str(arguments[1]).startswith(LAYERS):
        compiled_here.append(arguments[1])
sys.addaudithook(watch)
import pandas as pd
assert version("pandas") == pd.__version__
frame = pd.DataFrame({"device_id": ["a", "b", "a"], "seconds": [1, 2, 3], "type": greeting})
at = pd.Timestamp("2021-03-23", tz="Asia/Tokyo")
frame.groupby(["device_id", "type"], as_index=False).seconds.sum()
""",
    f"""
import boto3
session = boto3.Session("AKIA0", "none", region_name="ap-northeast-1")
services = {sorted(SHIPPED_SERVICES)}
clients = [session.client(service) for service in services]
url = session.client("s3").generate_presigned_url("get_object", Params={{"Bucket": "a-bucket", "Key": "k"}})
assert url.startswith("https://a-bucket.s3."), url
table = session.resource("dynamodb").Table("devices")
session.client("dynamodb").get_paginator("scan"), session.client("s3").get_waiter("object_exists")
""",
    """
from aws_lambda_powertools import Logger
Logger(service="smoke").info("done", greeting=greeting)
from IPython.display import JSON
JSON({"result": "Success."})
""",
]
ON_ARROW = """
import pandas as pd, pyarrow as pa, pyarrow.compute as pc
from pyarrow import csv
frame = pd.DataFrame({"device_id": ["a", "b"], "type": greeting}, dtype="str")
table = pa.Table.from_pandas(frame, preserve_index=False)
assert frame["type"].dtype.storage == "pyarrow"
sink = pa.BufferOutputStream()
csv.write_csv(table.take(pc.sort_indices(table["device_id"])), sink)
print(sink.getvalue().to_pybytes().decode(), table.to_pandas().equals(frame))
"""
ON_MATPLOTLIB = """
import io, warnings
warnings.simplefilter("error")  # a missing glyph is a warning
import matplotlib.pyplot as plt, matplotlib_fontja
from matplotlib import font_manager
font = font_manager.FontProperties(fname=matplotlib_fontja.get_font_ttf_path()).get_name()
with plt.rc_context({"font.family": ["DejaVu Sans", font]}):
    figure, axes = plt.subplots(layout="constrained")
    axes.bar(["a", "b"], [1, 2], label=greeting)
    axes.set(title=greeting, xlabel="$x^2$")
    figure.legend()
    for kind in ("png", "svg"):
        target = io.BytesIO()
        figure.savefig(target, format=kind)
        print(kind, len(target.getvalue()) > 5000)
warnings.simplefilter("default")
plt.show()
"""


def execute(cells: list[str], lambda_python: Path, layers: list[Path], folder: Path) -> list[list[dict[str, Any]]]:
    """Run a notebook with papermill from these layers, as Lambda would; return the outputs of each of these cells."""
    notebook = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "cells": [
            {
                "cell_type": "code",
                "id": f"cell{number}",
                "metadata": {} if number else {"tags": ["parameters"]},
                "source": source.strip(),
                "outputs": [],
                "execution_count": None,
            }
            for number, source in enumerate(['greeting = "hello"', *cells])
        ],
    }
    (folder / "in.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    environment = {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join(map(str, layers)),
        "PYTHONNOUSERSITE": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "HOME": str(folder),
        "IPYTHONDIR": str(folder / "ipython"),
        "MPLCONFIGDIR": str(folder / "matplotlib"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        **{name: value for name, value in os.environ.items() if name.startswith("OPENBLAS_CORETYPE")},
    }
    done = subprocess.run(
        [lambda_python, "-c", RUN, folder / "in.ipynb", folder / "out.ipynb"],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    executed = json.loads((folder / "out.ipynb").read_text(encoding="utf-8"))
    return [cell["outputs"] for cell in executed["cells"][-len(cells) :]]


def test_a_pandas_notebook_runs_from_the_base_layer(unzipped: Unzipped, lambda_python: Path, tmp_path: Path) -> None:
    """With boto3 and powertools, from bytecode, and without anything that this machine has installed."""
    layer = unzipped("base")
    before = [(path, path.stat().st_mtime_ns) for path in sorted(layer.rglob("*"))]
    table, _, result, _ = execute([*ON_PANDAS, IMPORTED_FROM], lambda_python, [layer], tmp_path)
    assert "エアコン" in "".join(table[0]["data"]["text/html"])
    assert any(output.get("data", {}).get("application/json") == {"result": "Success."} for output in result)
    assert [(path, path.stat().st_mtime_ns) for path in sorted(layer.rglob("*"))] == before


def test_a_plot_notebook_runs_from_both_layers(unzipped: Unzipped, lambda_python: Path, tmp_path: Path) -> None:
    """PNG and SVG, with Japanese text and without a missing glyph."""
    layers = [unzipped("base"), unzipped("report")]
    outputs = execute([ON_PANDAS[0], ON_MATPLOTLIB, IMPORTED_FROM], lambda_python, layers, tmp_path)
    assert "".join("".join(output.get("text", "")) for output in outputs[1]) == "png True\nsvg True\n"
    (picture,) = [output["data"]["image/png"] for output in outputs[1] if "image/png" in output.get("data", {})]
    assert len(picture) > 5000


PAGE = """
import sys, sysconfig
from notebook_report import Banner, make_page
cells = [{"cell_type": "markdown", "source": "# エアコン\\n\\n**a**", "metadata": {}},
         {"cell_type": "code", "source": "", "execution_count": 1, "metadata": {}, "outputs": [{"output_type":
          "display_data", "metadata": {}, "data": {"text/html": "<table><tr><td>b</td></tr></table>"}}]}]
page = make_page({"cells": cells}, banner=Banner("success", "Passed", "c"), title="", facts={}, links={}).decode()
assert "<h1>エアコン</h1>" in page and "<bdi>b</bdi>" in page and "<style>:root" in page, page
allowed = (*sys.argv[1:], sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))
stray = {name: module.__file__ for name, module in list(sys.modules.items())
         if getattr(module, "__file__", None) and not module.__file__.startswith(allowed)}
assert not stray, stray
"""


def test_the_report_is_made_from_both_layers(unzipped: Unzipped, lambda_python: Path, tmp_path: Path) -> None:
    """With the template that the function's zip holds, and without nbconvert's own, which no layer has."""
    build_function(tmp_path / "function.zip")
    with zipfile.ZipFile(tmp_path / "function.zip") as archive:
        archive.extractall(tmp_path / "task")
    folders = [str(folder) for folder in (tmp_path / "task", unzipped("base"), unzipped("report"))]
    environment = {
        "PYTHONPATH": os.pathsep.join(folders),
        "PYTHONNOUSERSITE": "1",
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
    }
    done = subprocess.run(
        [lambda_python, "-c", PAGE, *folders],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_an_arrow_notebook_runs_from_base_and_arrow(unzipped: Unzipped, lambda_python: Path, tmp_path: Path) -> None:
    """What a join needs of pyarrow is there, and pandas stores its text in it."""
    layers = [unzipped("base"), unzipped("arrow")]
    outputs = execute([ON_PANDAS[0], ON_ARROW, IMPORTED_FROM], lambda_python, layers, tmp_path)
    text = "".join("".join(output.get("text", "")) for output in outputs[1])
    assert text == '"device_id","type"\n"a","エアコン"\n"b","エアコン"\n True\n'
