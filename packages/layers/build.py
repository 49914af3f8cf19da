"""Build the layers, unless they are there already."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.metadata
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from packaging.utils import canonicalize_name

from layers.archive import write_zip
from layers.built import RECORD, BuiltLayer, build_key, measure, read_built, write_record
from layers.bytecode import compile_folder
from layers.packages import find_python, install, read_needs, read_requirements
from layers.plan import plan_layers
from layers.target import Target
from layers.trim import is_shipped

_UNFINISHED = ".unfinished-"


def build_layers(
    target: Target,
    out: Path,
    *,
    lock: Path,
    extra_layers: Mapping[str, Collection[str]],
    unneeded: Collection[str] = (),
    progress: Callable[[str], None] = lambda _line: None,
) -> list[BuiltLayer]:
    """Return the layers in a folder, built anew only if anything that they are made of has changed.

    An interrupted build leaves the earlier zips unchanged. Two builds into one folder wait for each other.

    Parameters
    ----------
    target
        The runtime.
    out
        Gets a zip file for each layer, and a record of what they were built from.
    lock
        The packages, with hashes; the list that they were locked from lies beside it, ending in ``.in``.
    extra_layers
        The direct packages of each layer beside the base layer, which gets all others.
    unneeded
        Canonical names of packages that no layer gets, although others need them.
    progress
        Gets a line for each step, with its seconds.

    Raises
    ------
    LayersError
        The layers cannot be built; what was built before is then unchanged.
    """
    python = find_python(target.python)
    direct = read_requirements(lock.with_suffix(".in"))
    sources = [lock, lock.with_suffix(".in"), python, *Path(__file__).parent.glob("*.py")]
    key = build_key(sources, {"target": str(target), "extra_layers": extra_layers, "unneeded": sorted(unneeded)})
    out.mkdir(parents=True, exist_ok=True)
    with (out / ".lock").open("w") as one_build_at_a_time:
        fcntl.flock(one_build_at_a_time, fcntl.LOCK_EX)
        if layers := read_built(out, key):
            progress("Layers are up to date.")
            return layers
        for left_over in out.glob(f"{_UNFINISHED}*"):
            shutil.rmtree(left_over, ignore_errors=True)  # uv of a killed build may still be ending
        with tempfile.TemporaryDirectory(prefix=_UNFINISHED, dir=out) as temporary:
            folder = Path(temporary)
            with _timed(progress, f"Installed the packages for {target}"):
                install(lock, target, folder / "installed")
            with _timed(progress, "Divided and trimmed them"):
                needs = read_needs(folder / "installed")
                plan = plan_layers(direct, needs, target, extra_layers=extra_layers, unneeded=unneeded)
                folders = assemble(folder / "installed", plan, folder / "layers")
            with _timed(progress, f"Compiled them with {python}"):
                for layer in folders.values():
                    compile_folder(layer / "python", python)
            with _timed(progress, "Packed " + " and ".join(f"{name}.zip" for name in folders)):
                layers = [_pack(name, layer, folder / f"{name}.zip") for name, layer in folders.items()]
            _publish(folder, write_record(folder, key, layers), layers, out)
    return layers


def assemble(installed: Path, plan: Mapping[str, frozenset[str]], destination: Path) -> dict[str, Path]:
    """Move the shipped files of each package into the folder of its layer, below ``python/``; return the folders."""
    folders = {layer: destination / layer for layer in plan}
    layer_of = {name: layer for layer, names in plan.items() for name in names}
    for folder in folders.values():
        (folder / "python").mkdir(parents=True)
    for distribution in list(importlib.metadata.distributions(path=[str(installed)])):
        layer = layer_of.get(canonicalize_name(distribution.name))
        for path in map(PurePosixPath, distribution.files or []):
            if layer and is_shipped(path) and (installed / path).is_file():
                target = folders[layer] / "python" / path
                target.parent.mkdir(parents=True, exist_ok=True)
                (installed / path).rename(target)
    return folders


def _pack(name: str, folder: Path, zip_file: Path) -> BuiltLayer:
    write_zip(folder, zip_file)
    return measure(name, folder, zip_file)


def _publish(folder: Path, record: Path, layers: Iterable[BuiltLayer], out: Path) -> None:
    """Move the zips to their folder. The record says that all of them are whole: removed first, moved last."""
    (out / RECORD).unlink(missing_ok=True)
    for layer in layers:
        (folder / f"{layer.name}.zip").replace(out / f"{layer.name}.zip")
    record.replace(out / RECORD)


@contextlib.contextmanager
def _timed(progress: Callable[[str], None], done: str) -> Iterator[None]:
    began_at = time.monotonic()
    yield
    progress(f"{time.monotonic() - began_at:6.1f} s  {done}")
