"""Every dotted name in a docstring leads to a module, class or function that exists."""

import ast
import contextlib
import importlib
import re

import pytest

from etl.runs.provenance import ROOT

PACKAGES = ("etl", "lambda_wrappers", "layers", "local_aws", "notebook_report", "warm_kernels")
REFERENCE = re.compile(rf"(?<!`)`((?:{'|'.join(PACKAGES)})(?:\.\w+)+)`(?!`)")
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def references(source):
    """Return the dotted names of ours that the docstrings of Python code have in backquotes."""
    documented = [node for node in ast.walk(ast.parse(source)) if isinstance(node, DOCUMENTED)]
    docstrings = [ast.get_docstring(node) or "" for node in documented]
    return {name for docstring in docstrings for name in REFERENCE.findall(docstring)}


def exists(name):
    """Tell whether a dotted name is a module, or an attribute of one."""
    parts = name.split(".")
    for n in range(len(parts), 0, -1):
        with contextlib.suppress(ImportError):
            found = importlib.import_module(".".join(parts[:n]))
            for attribute in parts[n:]:
                found = getattr(found, attribute, None)
            return found is not None
    return False


FOUND = sorted(
    {
        (str(path.relative_to(ROOT)), name)
        for folder in ("etl", "lambda_wrappers", "packages")
        for path in (ROOT / folder).rglob("*.py")
        for name in references(path.read_text(encoding="utf-8"))
    }
)


@pytest.mark.parametrize(("path", "name"), FOUND)
def test_a_name_in_a_docstring_exists(path, name):
    """A docstring names no module, class or function that was renamed or removed."""
    assert exists(name), path


@pytest.mark.parametrize(
    ("name", "is_there"),
    [
        ("etl.join.unmatched_devices.UnmatchedDevices.table", True),
        ("etl.join.owners.unmatched_devices", False),
        ("etl.nowhere.table", False),
    ],
)
def test_a_wrong_name_is_caught(name, is_there):
    """A method is found, a missing module and a missing function are not."""
    assert references(f'"""See `{name}`."""') == {name}
    assert exists(name) == is_there
