"""Lambda's limit for a function and its layers, unzipped, and what comes near it.

Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from layers.built import BuiltLayer
from layers.errors import BudgetError

MIB = 1 << 20
LIMIT_MIB = 250
# A package's next version may be larger: better to see that in a test than in a deployment that fails
SPARE_MIB = 10
# What serverless.yml packs for each function
CODE = (
    "etl",
    "lambda_wrappers",
    "packages/notebook_report",
    "packages/warm_kernels",
    "notebooks",
    "requirements/lambda.txt",
)
_MOST_PARTS = 10


def code_bytes(root: Path, parts: Iterable[str] = CODE) -> int:
    """Return the size of a function's own code; bytecode and hidden files are not part of it."""
    files = (file for part in parts for file in [root / part, *(root / part).rglob("*")])
    return sum(
        file.stat().st_size
        for file in files
        if file.is_file() and not any(part == "__pycache__" or part.startswith(".") for part in file.parts[-2:])
    )


def check_budget(
    functions: Mapping[str, Sequence[str]],
    layers: Iterable[BuiltLayer],
    *,
    own_bytes: int,
    spare_mib: float = SPARE_MIB,
) -> dict[str, float]:
    """Return how large each function is together with its layers, in MiB unzipped.

    Parameters
    ----------
    functions
        The layers of each function, by name.
    layers
        What was built.
    own_bytes
        The size of a function's own code.
    spare_mib
        What must stay free below the limit.

    Raises
    ------
    BudgetError
        A function is too large or names an unknown layer; each such function is named, with its biggest parts.
    """
    built = {layer.name: layer for layer in layers}
    sizes, problems = {}, []
    for function, names in functions.items():
        unknown = [name for name in names if name not in built]
        if unknown:
            problems.append(f"{function}: unknown layer; found {', '.join(unknown)}; expected {', '.join(built)}.")
            continue
        used = [built[name] for name in names]
        sizes[function] = (own_bytes + sum(layer.unzipped_bytes for layer in used)) / MIB
        if sizes[function] > LIMIT_MIB - spare_mib:
            problems.append(
                f"{function}: too large; found {sizes[function]:.1f} MiB; expected at most "
                f"{LIMIT_MIB - spare_mib:g} MiB ({LIMIT_MIB} less {spare_mib:g} to spare). "
                f"Largest: {_largest(used)}. Trim in layers/trim.py."
            )
    if problems:
        raise BudgetError("\n".join(problems))
    return sizes


def _largest(layers: Sequence[BuiltLayer]) -> str:
    parts = sorted(((size, name) for layer in layers for name, size in layer.part_bytes.items()), reverse=True)
    return ", ".join(f"{name} {size / MIB:.1f} MiB" for size, name in parts[:_MOST_PARTS])


def size_table(layers: Sequence[BuiltLayer], *, own_bytes: int) -> str:
    """Return a table for people: each layer, then a function's code with the base layer, and with one other beside it.

    Examples
    --------
    >>> print(size_table([BuiltLayer("base", 3 * MIB, "", 9 * MIB, {})], own_bytes=MIB))
    layer                           zip MiB    unzipped MiB
    base                                3.0             9.0
    function                                   of 250.0 MiB
    code + base                                        10.0
    """
    rows = [("layer", "zip MiB", "unzipped MiB")]
    rows += [(layer.name, f"{layer.zip_bytes / MIB:.1f}", f"{layer.unzipped_bytes / MIB:.1f}") for layer in layers]
    rows.append(("function", "", f"of {LIMIT_MIB:.1f} MiB"))
    base, *extra = layers
    for used in [[base], *([base, layer] for layer in extra)]:
        total = own_bytes + sum(layer.unzipped_bytes for layer in used)
        rows.append((" + ".join(["code", *(layer.name for layer in used)]), "", f"{total / MIB:.1f}"))
    return "\n".join(f"{name:<24}{zipped:>15}{unzipped:>16}" for name, zipped, unzipped in rows)
