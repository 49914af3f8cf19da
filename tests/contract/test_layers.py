"""Who may import whom."""

import ast
import json

import pytest

from etl.provenance import ROOT

PURE = [
    "alike",
    "arrival_checks",
    "checks",
    "contract",
    "device_checks",
    "device_health",
    "errors",
    "events",
    "explore",
    "gzip_blocks",
    "history_csv",
    "history_lines",
    "join",
    "json_records",
    "keys",
    "local_hours",
    "manifest",
    "notebook_parameters",
    "picture",
    "plots",
    "raw_file",
    "raw_form",
    "records",
    "row_counts",
    "sessions",
    "settings",
    "short_table",
    "tables",
    "tally",
    "text_index",
    "usage",
    "verdict",
    "volume",
    "words",
]
INPUT_OUTPUT = [
    "aws",
    "device_table",
    "devices_file",
    "duplicates",
    "earlier_days",
    "kept_runs",
    "object_store",
    "provenance",
    "read_only",
    "run_input",
    "sample",
    "stage_resources",
    "stream",
    "upload",
]
COMMAND_LINE = [
    "__main__",
    "cli",
    "exit_codes",
    "jupyter_server",
    "lab_command",
    "lab_folder",
    "local_pipeline",
    "option_types",
    "progress",
    "run_command",
    "step_lines",
    "up_command",
]
IMPURE_MODULES = {"boto3", "botocore", "os", "time", "subprocess", "socket", "tempfile"}


def imported(source):
    """Return the modules that Python code imports, each with its parents."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.update({node.module, *(f"{node.module}.{alias.name}" for alias in node.names)})
    return {".".join(name.split(".")[:n]) for name in names for n in range(1, name.count(".") + 2)}


def imports_of(path):
    """Return the modules that a file of this project imports."""
    return imported((ROOT / path).read_text(encoding="utf-8"))


def code_of(notebook):
    """Return the sources of a notebook's code cells."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def test_every_module_of_etl_has_its_layer():
    """A new module must say which layer it belongs to."""
    modules = {path.stem for path in (ROOT / "etl").glob("*.py")} - {"__init__"}
    assert modules == {*PURE, *INPUT_OUTPUT, *COMMAND_LINE}


@pytest.mark.parametrize("module", PURE)
def test_pure_modules_touch_nothing_outside(module):
    """No boto3, environment, clock or print; settings alone reads the environment that it is about."""
    found = imports_of(f"etl/{module}.py")
    allowed = {"os"} if module == "settings" else set()
    assert not (found & IMPURE_MODULES) - allowed
    assert not found & {f"etl.{other}" for other in [*INPUT_OUTPUT, *COMMAND_LINE]}
    calls = [
        node.func
        for node in ast.walk(ast.parse((ROOT / f"etl/{module}.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    ]
    assert not [call for call in calls if isinstance(call, ast.Name) and call.id in ("print", "open")]


@pytest.mark.parametrize("module", INPUT_OUTPUT)
def test_input_and_output_know_nothing_of_the_command_line(module):
    """They serve the notebooks, which run where there is none."""
    found = imports_of(f"etl/{module}.py")
    assert not found & ({f"etl.{other}" for other in COMMAND_LINE} | {"local_aws", "lambda_wrappers", "argparse"})


@pytest.mark.parametrize("module", COMMAND_LINE)
def test_boto3_is_used_in_the_input_and_output_layer_only(module):
    """The command line asks the layer below."""
    assert not imports_of(f"etl/{module}.py") & {"boto3", "botocore"}


@pytest.mark.parametrize("notebook", ["01_load", "03_checks"])
def test_only_the_join_needs_pyarrow(notebook):
    """Its function alone has that layer: together with matplotlib it would be too large for Lambda."""
    code = "\n".join(code_of(ROOT / "notebooks" / f"{notebook}.ipynb"))
    waiting, seen = {name for name in imported(code) if name.startswith("etl.")}, set()
    while waiting:
        name = waiting.pop()
        path = ROOT / f"{name.replace('.', '/')}.py"
        if name in seen or not path.exists():
            continue
        seen.add(name)
        found = imports_of(path)
        assert "pyarrow" not in found, name
        waiting |= {other for other in found if other.startswith("etl.")}


def test_wrappers_know_of_etl_only_errors_settings_and_keys():
    """What a notebook does is the notebook's business."""
    for path in (ROOT / "lambda_wrappers").glob("*.py"):
        from_etl = {name for name in imports_of(path) if name.startswith("etl.") and name.count(".") == 1}
        assert from_etl <= {"etl.errors", "etl.settings", "etl.keys"}, path.name


@pytest.mark.parametrize("package", ["layers", "local_aws", "notebook_report", "warm_kernels"])
def test_the_tools_know_nothing_of_ours(package):
    """They could serve any project."""
    ours = {"etl", "lambda_wrappers", "layers", "local_aws", "notebook_report", "warm_kernels"} - {package}
    paths = list((ROOT / package).rglob("*.py"))
    assert paths
    for path in paths:
        assert not imports_of(path) & ours, path.name


def test_notebooks_use_etl_and_what_shows_it():
    """They show and explain; the logic is in functions."""
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        code = "\n".join(code_of(path))
        top_level = {name.split(".")[0] for name in imported(code)}
        assert top_level <= {"etl", "pandas", "IPython", "json"}, path.name
        assert not any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in ast.walk(ast.parse(code))), (
            path.name
        )
