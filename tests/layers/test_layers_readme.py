"""The example in the package's README works."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).resolve().parents[2] / "packages" / "layers" / "README.md"


def test_the_example_runs_as_it_stands(tmp_path: Path) -> None:
    """The example runs in an empty folder, prints the table of sizes, and ends by itself."""
    (example,) = re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    command = [sys.executable, "-c", example]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"^greet +1\.0$", done.stdout, re.MULTILINE)
