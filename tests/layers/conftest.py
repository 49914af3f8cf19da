"""Made-up wheels for the quick tests, and the project's own layers for the slow ones."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from made_up_wheels import WheelHouse

from layers.built import BuiltLayer
from layers.errors import UvError
from layers.packages import find_python
from layers.target import Target
from package import LAYERS, build_project_layers


@pytest.fixture
def wheel_house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WheelHouse:
    """Return an empty wheel house; uv sees no other packages, and caches none of these."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    return WheelHouse(folder)


@pytest.fixture(scope="session")
def interpreter() -> Path:
    """Return a Python of Lambda's version, or skip."""
    try:
        return find_python(Target().python)
    except UvError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def built_layers(interpreter: Path) -> list[BuiltLayer]:  # noqa: ARG001 - skips where it is missing
    """Return the layers in ``build/layers``, built if they are not up to date."""
    return build_project_layers()


@pytest.fixture(scope="session")
def unzipped(
    built_layers: list[BuiltLayer], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Path]]:
    """Return a function from a layer's name to its unzipped, read-only ``python/``."""
    root = tmp_path_factory.mktemp("opt")
    for layer in built_layers:
        with zipfile.ZipFile(LAYERS / f"{layer.name}.zip") as archive:
            archive.extractall(root / layer.name)
    folders = [root, *(path for path in root.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    yield lambda name: root / name / "python"
    for folder in folders:
        folder.chmod(0o755)
