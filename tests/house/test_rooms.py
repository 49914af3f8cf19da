"""Which room may import which, and what else holds for every folder: one loop over the folders."""

import ast
import json
import re

import pytest

from etl.runs.provenance import ROOT

# Each room with its level: it imports only rooms of lower levels. A room is a folder, or a module beside folders.
LEVELS = {
    "etl": [
        {"errors", "formatting"},
        {"contract", "settings"},
        {"analysis", "raw", "storage"},
        {"checks", "join"},
        {"display", "runs"},
        {"cli"},
        {"__main__"},
    ],
    "local_aws": [
        {"environment", "errors", "processes"},
        {"clients", "http"},
        {"iam"},
        {"cloudformation", "moto"},
        {"functions"},
        {"gateway"},
        {"embedded_aws"},
        {"serverless"},
        {"__init__"},
        {"__main__"},
    ],
    "warm_kernels": [
        {"errors", "ipc", "kernel_launch"},
        {"kernel", "launch_fingerprint", "settings"},
        {"zygote"},
        {"jupyter"},
        {"__init__"},
    ],
}
# What only one room of `etl` may import; the reasons are the Lambda layers, and that there is one place to look
ONLY_IN = {
    "pyarrow": "etl.join",
    "etl.join": "etl.join",
    "matplotlib": "etl.display",
    "boto3": "etl.storage",
    "botocore": "etl.storage",
    "argparse": "etl.cli",
}
# Rooms that compute: the same input gives the same output, and nothing outside changes
PURE = {"etl.errors", "etl.formatting", "etl.contract", "etl.raw", "etl.analysis", "etl.checks", "etl.display"}
IMPURE = {"os", "time", "subprocess", "socket", "tempfile"}
# of ours, beside packages: what the functions' code may know of `etl`
FOR_WRAPPERS = {"etl.errors", "etl.settings", "etl.contract", "etl.storage", "etl.runs.layout"}
MAX_FILES, MAX_LINES = 15, 250
REASON = re.compile(r"^# Longer than \d+ lines: \S+", re.MULTILINE)


def module_of(path):
    """Return the name of the module that a file is."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[1:] if parts[0] == "packages" else parts)


SOURCES = {
    module_of(path): path.read_text(encoding="utf-8")
    for folder in ("etl", "lambda_wrappers", "packages")
    for path in sorted((ROOT / folder).rglob("*.py"))
}

MODULES = {module.removesuffix(".__init__") for module in SOURCES}
IN_THEM = {module for module in MODULES if module.rpartition(".")[0] in FOR_WRAPPERS}


def imported(source):
    """Return the modules that Python code imports, each with its parents."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.update({node.module, *(f"{node.module}.{alias.name}" for alias in node.names)})
    return {".".join(name.split(".")[:n]) for name in names for n in range(1, name.count(".") + 2)}


def calls(source):
    """Return the names of the plain functions that Python code calls."""
    nodes = [node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return {node.id for node in nodes if isinstance(node, ast.Name)}


def is_within(module, room):
    """Tell whether a module is a room or lies in it."""
    return module == room or module.startswith(room + ".")


def level_of(module):
    """Return a module's level and room within its package; None for a name that is no room."""
    package, _, rest = module.partition(".")
    room = rest.split(".")[0] or "__init__"
    for level, rooms in enumerate(LEVELS[package]):
        if room in rooms:
            return level, room
    return None


def may_import(module, name):
    """Tell whether a module may import another of this project."""
    package, other = module.split(".")[0], name.split(".")[0]
    if package == other and (package not in LEVELS or name == package):
        return True
    if package == other:
        own, others = level_of(module), level_of(name)
        return bool(own and others and (own[1] == others[1] or own[0] > others[0]))
    if package == "lambda_wrappers":
        return other in {"notebook_report", "warm_kernels"} or name in {"etl", "etl.runs", *FOR_WRAPPERS, *IN_THEM}
    return package == "etl" and is_within(module, "etl.cli") and other == "local_aws"


def violations(module, source):
    """Return what a module imports, or calls, although its room must not."""
    names = imported(source)
    found = {name for name in names & MODULES if not may_import(module, name)}
    if is_within(module, "etl"):
        found |= {name for name, room in ONLY_IN.items() if name in names and not is_within(module, room)}
        found |= set() if is_within(module, "etl.cli") else {"print"} & calls(source)
        if any(is_within(module, room) for room in PURE):
            found |= (IMPURE & names) | ({"open"} & calls(source))
    return found


def code_of(notebook):
    """Return the code of a notebook."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


@pytest.mark.parametrize("module", SOURCES)
def test_a_module_imports_only_what_its_room_may(module):
    """Rooms of lower levels, and libraries that no other room has for itself."""
    assert violations(module, SOURCES[module]) == set()


def forbidden():
    """Yield a module of each room with each import that is forbidden there."""
    for room, module in {module.rpartition(".")[0]: module for module in SOURCES}.items():
        package = room.split(".")[0]
        if package in LEVELS:
            for name in LEVELS[package][-1]:
                if name != "__init__" and not is_within(module, f"{package}.{name}"):
                    yield module, f"import {package}.{name}"
        if package == "etl" and room != "etl":
            yield from ((module, f"import {name}") for name, own in ONLY_IN.items() if not is_within(module, own))
            if any(is_within(module, pure) for pure in PURE):
                yield from ((module, f"import {name}") for name in IMPURE)
            yield from [(module, "import local_aws.errors")] if room != "etl.cli" else []
            yield from [(module, "print(1)")] if room != "etl.cli" else []
        elif package != "etl":
            yield module, "from etl.join import owners"


@pytest.mark.parametrize(("module", "line"), list(forbidden()))
def test_a_forbidden_import_is_caught(module, line):
    """Each is planted once, in a module of each room."""
    assert violations(module, f"{SOURCES[module]}\n{line}\n")


@pytest.mark.parametrize(
    ("notebook", "library"), [("01_load", "pyarrow"), ("01_load", "matplotlib"), ("03_checks", "pyarrow")]
)
def test_a_notebook_imports_no_library_that_its_layers_lack(notebook, library):
    """Nor does any module that it imports, however far away: pyarrow and matplotlib together are too large."""
    waiting, seen = imported(code_of(ROOT / "notebooks" / f"{notebook}.ipynb")), set()
    while waiting:
        name = waiting.pop()
        source = SOURCES.get(name, SOURCES.get(f"{name}.__init__"))
        if name in seen or source is None:
            continue
        seen.add(name)
        assert library not in imported(source), name
        waiting |= imported(source)
    assert len(seen) > 1


def test_notebooks_use_etl_and_what_shows_it():
    """They show and explain; the logic is in functions."""
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        code = code_of(path)
        assert {name.split(".")[0] for name in imported(code)} <= {"etl", "pandas", "IPython", "json"}, path.name
        definitions = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.FunctionDef | ast.ClassDef)]
        assert not definitions, path.name


def test_no_folder_is_crowded():
    """At most 15 Python files in a folder, tests and scripts included."""
    folders = {}
    for top in ("etl", "lambda_wrappers", "packages", "scripts", "tests", "benchmarks"):
        for path in (ROOT / top).rglob("*.py"):
            folders.setdefault(path.parent.relative_to(ROOT), []).append(path.name)
    assert {str(folder): len(names) for folder, names in folders.items() if len(names) > MAX_FILES} == {}


@pytest.mark.parametrize("module", SOURCES)
def test_a_long_module_says_why(module):
    """A module of more than 250 lines has its reason in its first line."""
    source = SOURCES[module]
    assert source.count("\n") <= MAX_LINES or REASON.match(source)
