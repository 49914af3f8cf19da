"""What was built, and whether it is still what would be built now."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

RECORD = "layers.json"


@dataclass(frozen=True)
class BuiltLayer:
    """One layer.

    Attributes
    ----------
    name
        Its zip file is ``<name>.zip``.
    zip_bytes, zip_sha256
        Of the zip file.
    unzipped_bytes
        What counts for Lambda's limit.
    part_bytes
        Unzipped bytes by top-level package, largest first; licences and metadata together as ``dist-info``.
    """

    name: str
    zip_bytes: int
    zip_sha256: str
    unzipped_bytes: int
    part_bytes: dict[str, int]


def describe(name: str, folder: Path, zip_file: Path) -> BuiltLayer:
    """Measure a layer: its folder, with ``python/`` in it, and the zip file that was made of it."""
    parts: Counter[str] = Counter()
    for file in sorted((folder / "python").rglob("*")):
        if file.is_file():
            parts[_part(file.relative_to(folder / "python"))] += file.stat().st_size
    sha256 = hashlib.sha256(zip_file.read_bytes()).hexdigest()
    return BuiltLayer(name, zip_file.stat().st_size, sha256, parts.total(), dict(parts.most_common()))


def _part(path: Path) -> str:
    top = path.parts[0]
    return "dist-info" if top.endswith(".dist-info") else top.removesuffix(".libs")


def build_key(files: Iterable[Path], *settings: str) -> str:
    """Return a key that changes with the name or content of any of these files, and with any setting.

    Parameters
    ----------
    files
        The lock, its input and the builder's own modules.
    settings
        The Python that compiles, the architecture.
    """
    key = hashlib.sha256(json.dumps(settings).encode())
    for file in sorted(files, key=lambda file: file.name):
        key.update(f"\0{file.name}\0{hashlib.sha256(file.read_bytes()).hexdigest()}".encode())
    return key.hexdigest()


def write_record(folder: Path, key: str, layers: Iterable[BuiltLayer]) -> Path:
    """Write down what was built from what; this file is a build's last."""
    record = folder / RECORD
    content = {"key": key, "layers": [asdict(layer) for layer in layers]}
    record.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return record


def read_built(folder: Path, key: str) -> list[BuiltLayer] | None:
    """Return the layers in a folder if they were built from exactly this and are whole, else None."""
    try:
        content = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        if content["key"] != key:
            return None
        layers = [BuiltLayer(**layer) for layer in content["layers"]]
        whole = all(
            hashlib.sha256((folder / f"{layer.name}.zip").read_bytes()).hexdigest() == layer.zip_sha256
            for layer in layers
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return layers if whole else None
