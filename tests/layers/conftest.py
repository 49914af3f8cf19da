"""Made-up wheels for the quick tests, and the really built layers for the slow ones."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from made_up_wheels import WheelHouse

from layers.build import ROOT, build_layers
from layers.built import BuiltLayer
from layers.errors import InterpreterError
from layers.interpreter import Interpreter, find_interpreter
from layers.target import Target

OUT = ROOT / "build" / "layers"


@pytest.fixture
def wheel_house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WheelHouse:
    """Return an empty wheel house; pip sees no other."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return WheelHouse(folder)


@pytest.fixture(scope="session")
def interpreter() -> Interpreter:
    """Return a Python of Lambda's version, or skip."""
    try:
        return find_interpreter(Target().python)
    except InterpreterError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def built_layers(interpreter: Interpreter) -> list[BuiltLayer]:  # noqa: ARG001 - skips where it is missing
    """Return the layers in ``build/layers``, built if they are not up to date."""
    return build_layers(Target(), OUT)


@pytest.fixture(scope="session")
def unzipped(
    built_layers: list[BuiltLayer], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Path]]:
    """Return a function from a layer's name to its unzipped, read-only ``python/``."""
    root = tmp_path_factory.mktemp("opt")
    for layer in built_layers:
        with zipfile.ZipFile(OUT / f"{layer.name}.zip") as archive:
            archive.extractall(root / layer.name)
    folders = [root, *(path for path in root.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    yield lambda name: root / name / "python"
    for folder in folders:
        folder.chmod(0o755)
