"""Wheels that tests make up, so that uv needs no network."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path


class WheelHouse:
    """A folder of wheels, and the lock and input that name them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = folder / "lambda.txt"
        self.entries: dict[str, str] = {}

    def put(
        self,
        name: str,
        files: dict[str, str],
        *,
        version: str = "1",
        needs: tuple[str, ...] = (),
        tag: str = "py3-none-any",
        marker: str = "",
    ) -> None:
        """Make a wheel and lock it."""
        file_name = name.replace("-", "_")
        info = f"{file_name}-{version}.dist-info"
        content = {
            **files,
            f"{info}/METADATA": "\n".join(
                [
                    "Metadata-Version: 2.1",
                    f"Name: {name}",
                    f"Version: {version}",
                    *(f"Requires-Dist: {need}" for need in needs),
                    "",
                ]
            ),
            f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: made-up\nRoot-Is-Purelib: true\nTag: {tag}\n",
            f"{info}/LICENSE": "free",
        }
        content[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*content, f"{info}/RECORD"])
        wheel = self.folder / f"{file_name}-{version}-{tag}.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            for path, text in content.items():
                archive.writestr(path, text)
        sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
        self.entries[f"{name}=={version} ; {marker}" if marker else f"{name}=={version}"] = sha256

    def write(self, *direct: str) -> Path:
        """Write the lock and its input; return the lock."""
        self.lock.write_text(
            "".join(f"{entry} \\\n    --hash=sha256:{sha256}\n" for entry, sha256 in self.entries.items()),
            encoding="utf-8",
        )
        self.lock.with_suffix(".in").write_text("".join(f"{name}  # why\n" for name in direct), encoding="utf-8")
        return self.lock
