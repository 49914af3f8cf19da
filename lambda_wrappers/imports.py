"""Read which modules a notebook imports, so that its kernels are forked with them."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def imported_modules(notebook: Path) -> list[str]:
    """Return the modules that the notebook's cell ``imports`` imports, without those of the standard library.

    Names that are imported from one of our packages are modules if there are such files.
    """
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = "".join(line for cell in cells if cell["id"] == "imports" for line in cell["source"])
    modules = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            are_modules = all((ROOT / f"{name.replace('.', '/')}.py").exists() for name in names)
            modules += names if are_modules else [node.module]
    return [module for module in modules if module.partition(".")[0] not in sys.stdlib_module_names]
