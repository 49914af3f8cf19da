"""Build the layers, unless they are there already."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from layers.archive import write_zip
from layers.assemble import assemble
from layers.built import RECORD, BuiltLayer, build_key, describe, read_built, write_record
from layers.bytecode import compile_folder
from layers.install import install, read_needs
from layers.interpreter import Interpreter, find_interpreter
from layers.lock import locked_for, read_requirements
from layers.plan import UNNEEDED, plan_layers
from layers.target import Target

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements" / "lambda.txt"
_UNFINISHED = ".unfinished-"

Say = Callable[[str], None]


def build_layers(target: Target, out: Path, *, lock: Path = LOCK, say: Say = lambda _line: None) -> list[BuiltLayer]:
    """Return the layers in a folder, built anew only if anything that they are made of has changed.

    A build that is interrupted leaves no zip half written and no record that it happened. Two builds into one folder
    wait for each other.

    Parameters
    ----------
    target
        The runtime.
    out
        Gets a zip file for each layer, and a record of what they were built from.
    lock
        The packages; what they were locked from lies beside it, ending in ``.in``.
    say
        Gets a line for each step, with its seconds.

    Raises
    ------
    LayersError
        Whatever keeps the layers from being built; what was built before is then unchanged.
    """
    python = find_interpreter(target.python)
    sources = [lock, lock.with_suffix(".in"), *Path(__file__).parent.glob("*.py")]
    for needed in sources[:2]:
        read_requirements(needed)
    key = build_key(sources, python.full_version, target.architecture)
    out.mkdir(parents=True, exist_ok=True)
    with (out / ".lock").open("w") as only_one:
        fcntl.flock(only_one, fcntl.LOCK_EX)
        if layers := read_built(out, key):
            say("Layers are up to date.")
            return layers
        for left_over in out.glob(f"{_UNFINISHED}*"):
            shutil.rmtree(left_over, ignore_errors=True)  # its pip may still be ending
        with tempfile.TemporaryDirectory(prefix=_UNFINISHED, dir=out) as folder:
            layers = _build(target, python, lock, Path(folder), say)
            record = write_record(Path(folder), key, layers)
            _publish([Path(folder) / f"{layer.name}.zip" for layer in layers], record, out)
    return layers


def _build(target: Target, python: Interpreter, lock: Path, folder: Path, say: Say) -> list[BuiltLayer]:
    pins = locked_for(target, lock, without=UNNEEDED)
    with _timed(say, f"Installed {len(pins)} packages for Python {target.python} on {target.architecture}"):
        install(pins, target, folder / "installed")
    with _timed(say, "Divided and trimmed them"):
        direct = read_requirements(lock.with_suffix(".in"))
        plan = plan_layers(direct, read_needs(folder / "installed"), target)
        folders = assemble(folder / "installed", plan, folder / "layers")
    with _timed(say, f"Compiled them with Python {python.full_version}"):
        for layer in folders.values():
            compile_folder(layer / "python", python.path)
    with _timed(say, "Packed " + " and ".join(f"{name}.zip" for name in folders)):
        for name, layer in folders.items():
            write_zip(layer, folder / f"{name}.zip")
        return [describe(name, layer, folder / f"{name}.zip") for name, layer in folders.items()]


def _publish(zips: list[Path], record: Path, out: Path) -> None:
    """Move the finished files to where they are looked for: each at once, and the record that vouches for all last."""
    (out / RECORD).unlink(missing_ok=True)
    for zip_file in zips:
        zip_file.replace(out / zip_file.name)
    record.replace(out / RECORD)


@contextlib.contextmanager
def _timed(say: Say, done: str) -> Iterator[None]:
    began_at = time.monotonic()
    yield
    say(f"{time.monotonic() - began_at:6.1f} s  {done}")
