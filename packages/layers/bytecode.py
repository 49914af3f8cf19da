"""Compile what is shipped, so that no kernel compiles pandas anew on Lambda's read-only file system."""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from layers.errors import BytecodeError

# Where Lambda unpacks a layer; tracebacks name files there, not in a folder of this machine
ROOT_ON_LAMBDA = "/opt/python"
# Which names a compiler has met in earlier modules shows in the bytecode of the next: so the modules are dealt out to a
# fixed number of processes, whatever the machine, and compiled in a fixed order
_N_PROCESSES = 2
_SHOWN_LINES = 8


def compile_folder(folder: Path, python: Path) -> None:
    """Put bytecode beside each module.

    It is of the kind "unchecked hash" (PEP 552): loaded without a look at the source's time, which unpacking changes.
    The same folder gives the same bytes.

    Parameters
    ----------
    folder
        What will be ``/opt/python``.
    python
        An interpreter of the target's version.

    Raises
    ------
    BytecodeError
        A file is no Python of that version; the message has the compiler's last lines.
    """
    files = sorted(folder.rglob("*.py"))
    shares = [files[number::_N_PROCESSES] for number in range(_N_PROCESSES)]
    with ThreadPoolExecutor(_N_PROCESSES) as pool:
        complaints = "".join(pool.map(lambda share: _compile(share, folder, python), shares))
    if complaints:
        end = "\n  ".join(complaints.replace(f"{folder}/", "").strip().splitlines()[-_SHOWN_LINES:])
        raise BytecodeError(
            f"layers: cannot compile what would be shipped; found\n  {end}\nexpected modules of the target's Python. "
            f"Drop the file in layers/trim.py if nothing imports it."
        )


def _compile(files: list[Path], folder: Path, python: Path) -> str:
    """Compile these files in this order; return what is wrong with them."""
    command = [str(python), "-s", "-S", "-P", "-m", "compileall", "-q", "-i", "-"]
    command += ["--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", ROOT_ON_LAMBDA]
    done = subprocess.run(
        command,
        # sets among the constants are made in the order of their hashes
        env={"PATH": os.environ.get("PATH", ""), "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"},
        input="".join(f"{file}\n" for file in files),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    return (done.stdout or f"Python ended with status {done.returncode}") if done.returncode else ""
