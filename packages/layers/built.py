"""The record of a build: what was built from what, and whether it is still what would be built now."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
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


def measure(name: str, folder: Path, zip_file: Path) -> BuiltLayer:
    """Measure a layer: its folder, with ``python/`` in it, and the zip file of the folder."""
    parts: Counter[str] = Counter()
    for file in sorted((folder / "python").rglob("*")):
        if file.is_file():
            top = file.relative_to(folder / "python").parts[0]
            parts["dist-info" if top.endswith(".dist-info") else top.removesuffix(".libs")] += file.stat().st_size
    return BuiltLayer(name, zip_file.stat().st_size, _sha256(zip_file), parts.total(), dict(parts.most_common()))


def build_key(files: Iterable[Path], settings: Mapping[str, object]) -> str:
    """Return a key that changes with the name or content of any of these files, and with any setting."""
    content = sorted((file.name, _sha256(file)) for file in files)
    return hashlib.sha256(json.dumps([settings, content]).encode()).hexdigest()


def write_record(folder: Path, key: str, layers: Iterable[BuiltLayer]) -> Path:
    """Write what was built from what; this file is a build's last."""
    record = folder / RECORD
    content = {"key": key, "layers": [asdict(layer) for layer in layers]}
    record.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return record


def read_built(folder: Path, key: str) -> list[BuiltLayer] | None:
    """Return the layers in a folder if they were built with this key and no zip file has changed since, else None."""
    try:
        content = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        layers = [BuiltLayer(**layer) for layer in content["layers"]]
        unchanged = all(_sha256(folder / f"{layer.name}.zip") == layer.zip_sha256 for layer in layers)
        return layers if unchanged and content["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
