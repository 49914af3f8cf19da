"""Check a notebook's parameters before a kernel starts.

papermill only warns about a name that the notebook does not have, and writes names into the notebook as code: a name
such as ``x=1;import os`` would *run*. So only the names of the notebook's own parameter cell are accepted, with values
of their declared types.

Parameters above the line ``# defaults for every run`` are required, because their defaults are the sample's. Those
below it, such as thresholds, are optional.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from etl.errors import ParametersError

TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
    "list": (list,),
    "dict": (dict,),
}
OPTIONAL_BELOW = "# defaults for every run"


@dataclass(frozen=True)
class Parameter:
    """A parameter that a notebook declares: its name, the name of its type, its default, and whether it is optional."""

    name: str
    type_name: str
    default: Any
    is_optional: bool = False


def declared_parameters(notebook: Path) -> list[Parameter]:
    """Return the parameters of the cell tagged ``parameters``: annotated assignments of literals.

    Raises
    ------
    ParametersError
        The cell is missing, or contains anything else.
    """
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    tagged = [cell for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
    if len(tagged) != 1:
        raise ParametersError(f"{notebook.name}: {len(tagged)} cells have the tag 'parameters'; expected one.")
    source = "".join(tagged[0]["source"])
    lines = [line.rstrip() for line in source.splitlines()]
    last_required = lines.index(OPTIONAL_BELOW) + 1 if OPTIONAL_BELOW in lines else len(lines)
    return [_declared(statement, last_required, notebook.name) for statement in ast.parse(source).body]


def check_parameters(notebook: Path, parameters: Mapping[str, Any]) -> None:
    """Check names and types of `parameters` against those that the notebook declares.

    Raises
    ------
    ParametersError
        Names are unknown or missing, or values have another type or cannot be written as JSON; all in one message.
    """
    declared = {parameter.name: parameter for parameter in declared_parameters(notebook)}
    problems = [f"unknown {name!r:.60}" for name in parameters if name not in declared]
    problems += [
        f"missing {name!r}"
        for name, parameter in declared.items()
        if not parameter.is_optional and name not in parameters
    ]
    problems += [
        f"{name!r} is a {type(value).__name__}, expected {declared[name].type_name}"
        for name, value in parameters.items()
        if name in declared and not _fits(value, declared[name].type_name)
    ]
    if problems:
        raise ParametersError(
            f"{notebook.name}: {'; '.join(problems)}. The notebook takes {', '.join(declared) or 'no parameters'}."
        )


def _declared(statement: ast.stmt, last_required: int, notebook_name: str) -> Parameter:
    if (
        isinstance(statement, ast.AnnAssign)
        and isinstance(statement.target, ast.Name)
        and isinstance(statement.annotation, ast.Name)
        and statement.annotation.id in TYPES
        and statement.value is not None
    ):
        try:
            return Parameter(
                statement.target.id,
                statement.annotation.id,
                ast.literal_eval(statement.value),
                is_optional=statement.lineno > last_required,
            )
        except ValueError:
            pass
    raise ParametersError(
        f"{notebook_name}, parameter cell, line {statement.lineno}: found {ast.unparse(statement)[:80]!r}; "
        f"expected 'name: type = literal' with a type of {', '.join(TYPES)}."
    )


def _fits(value: Any, type_name: str) -> bool:
    if isinstance(value, bool) and type_name != "bool":
        return False
    if not isinstance(value, TYPES[type_name]):
        return False
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True
