"""Time one small pandas notebook in several ways, all in one interleaved run, as ratios against stock papermill.

``python benchmarks/bench_warm_kernels.py [rounds]``; 9 rounds by default, about a minute.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import papermill

import warm_kernels

ARGUMENTS = ["--IPKernelApp.log_level=ERROR"]
STOCK = "papermill, stock, in a warm process"

PARAMETERS = "rows = 100\npath = ''"
TABLES = """
left = pd.DataFrame({'id': range(rows), 'x': [2 * i for i in range(rows)]})
right = pd.DataFrame({'id': range(0, rows, 2), 'y': [str(i) for i in range(0, rows, 2)]})
"""
CELLS = [
    "import pandas as pd",
    TABLES.strip(),
    "joined = left.merge(right, on='id', how='inner')\njoined.head()",
    "assert joined['id'].is_unique\nprint(len(joined))",
    "joined.to_csv(path, index=False)",
]


def main(rounds: int) -> None:
    """Run every way once to warm up, then `rounds` times in turn, and print medians and ratios."""
    logging.disable(logging.WARNING)
    warm_kernels.register()  # works where the package is not installed, too
    with tempfile.TemporaryDirectory() as folder:
        ways = _ways(Path(folder))
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(rounds + 1):
            for name, way in ways.items():
                warm_kernels.start(standby=int("standby" in name), extra_arguments=ARGUMENTS, wait=True)
                started = time.perf_counter()
                way()
                if number:
                    seconds[name].append(time.perf_counter() - started)
    stock = statistics.median(seconds[STOCK])
    print(f"{'medians of ' + str(rounds) + ' interleaved runs':44}      ms     min     max   stock / this")
    for name, times in seconds.items():
        median = statistics.median(times)
        figures = f"{median * 1e3:8.1f}{min(times) * 1e3:8.1f}{max(times) * 1e3:8.1f}"
        print(f"{name:44}{figures}{stock / median:15.1f}")


def _ways(folder: Path) -> dict[str, Callable[[], object]]:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in (PARAMETERS, *CELLS)])
    notebook.cells[0].metadata["tags"] = ["parameters"]
    notebook.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "Python 3"}
    source, output = folder / "in.ipynb", str(folder / "out.csv")
    nbformat.write(notebook, source)
    body = "".join(f"    {line}\n" for cell in CELLS for line in cell.splitlines())
    code = f"def run(rows, path):\n{body}\n"
    (folder / "plain.py").write_text(f"{code}\nrun(100, {output!r})\n", encoding="utf-8")
    (folder / "pandas_only.py").write_text("import pandas\n", encoding="utf-8")
    space: dict[str, Callable[..., None]] = {}
    exec(code, space)  # noqa: S102 - the cells above, as a function

    def function() -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            space["run"](100, output)

    def process(script: str) -> None:
        subprocess.run([sys.executable, folder / script], check=True, stdout=subprocess.DEVNULL)

    def engine(name: str | None, **options: object) -> None:
        papermill.execute_notebook(
            source,
            folder / "executed.ipynb",
            parameters={"rows": 100, "path": output},
            engine_name=name,
            progress_bar=False,
            extra_arguments=[*ARGUMENTS],
            **options,
        )

    return {
        "plain function in a warm process": function,
        "plain function in a fresh process": lambda: process("plain.py"),
        "`import pandas` in a fresh process": lambda: process("pandas_only.py"),
        STOCK: lambda: engine(None),
        "papermill, stock, immediate kill": lambda: engine(None, shutdown_kernel="immediate"),
        "papermill, warm": lambda: engine("warm"),
        "papermill, warm, graceful shutdown": lambda: engine("warm", shutdown_kernel="graceful"),
        "papermill, warm, standby": lambda: engine("warm"),
        "papermill, warm, standby, saved once": lambda: engine("warm", request_save_on_cell_execute=False),
    }


if __name__ == "__main__":
    os.environ["WARM_KERNELS"] = "on"
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
