"""Lambda's limit for a function with its layers, unzipped.

Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from layers.built import BuiltLayer
from layers.errors import BudgetError

MIB = 1 << 20
LIMIT_MIB = 250
# The next version of a package may be larger: a build should fail before a deployment does
SPARE_MIB = 10
_MAX_PARTS = 10


def check_budget(
    functions: Mapping[str, Sequence[str]], layers: Iterable[BuiltLayer], *, code_bytes: int
) -> dict[str, float]:
    """Return the size of each function with its layers, in MiB unzipped.

    Parameters
    ----------
    functions
        The layers of each function, by name.
    layers
        What was built.
    code_bytes
        The unzipped size of a function's own code.

    Raises
    ------
    BudgetError
        Functions are larger than the limit less `SPARE_MIB`, or name an unknown layer; the message lists each one.
    """
    built = {layer.name: layer for layer in layers}
    sizes, problems = {}, []
    for function, names in functions.items():
        if unknown := [name for name in names if name not in built]:
            problems.append(
                f"{function}: unknown layer; found {', '.join(unknown)}; expected {', '.join(built)}. Correct the name."
            )
            continue
        used = [built[name] for name in names]
        sizes[function] = (code_bytes + sum(layer.unzipped_bytes for layer in used)) / MIB
        if sizes[function] > LIMIT_MIB - SPARE_MIB:
            parts = sorted(((size, name) for layer in used for name, size in layer.part_bytes.items()), reverse=True)
            largest = ", ".join(f"{name} {size / MIB:.1f} MiB" for size, name in parts[:_MAX_PARTS])
            problems.append(
                f"{function}: too large; found {sizes[function]:.1f} MiB; expected at most {LIMIT_MIB - SPARE_MIB} MiB "
                f"({LIMIT_MIB} less {SPARE_MIB} to spare). Largest: {largest}. Trim in layers/trim.py."
            )
    if problems:
        raise BudgetError("\n".join(problems))
    return sizes


def size_table(layers: Iterable[BuiltLayer], functions: Mapping[str, float]) -> str:
    """Return a table for people: the size of each layer, then of each function with its layers.

    Parameters
    ----------
    layers
        What was built.
    functions
        The size of each function, in MiB unzipped, as `check_budget` returns it.

    Examples
    --------
    >>> print(size_table([BuiltLayer("base", 3 * MIB, "", 9 * MIB, {})], {"load": 10}))
    layer                           zip MiB    unzipped MiB
    base                                3.0             9.0
    function with its layers                   of 250.0 MiB
    load                                               10.0
    """
    rows = [("layer", "zip MiB", "unzipped MiB")]
    rows += [(layer.name, f"{layer.zip_bytes / MIB:.1f}", f"{layer.unzipped_bytes / MIB:.1f}") for layer in layers]
    rows.append(("function with its layers", "", f"of {LIMIT_MIB:.1f} MiB"))
    rows += [(name, "", f"{size:.1f}") for name, size in functions.items()]
    return "\n".join(f"{name:<24}{zipped:>15}{unzipped:>16}" for name, zipped, unzipped in rows)
