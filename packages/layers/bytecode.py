"""Compile the shipped modules: Lambda's file system is read-only, so each kernel would compile pandas anew."""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from layers.errors import BytecodeError

# Where Lambda unpacks a layer: the folder that tracebacks name
ROOT_ON_LAMBDA = "/opt/python"
# Bytecode depends on the names that the compiler met in earlier modules. So each of a fixed number of processes
# compiles a fixed share of the modules in a fixed order, on any machine.
_N_PROCESSES = 2
_SHOWN_LINES = 8


def compile_folder(folder: Path, python: Path) -> None:
    """Write bytecode beside each module; the same folder gives the same bytes.

    The bytecode is "unchecked hash" (PEP 552): Python loads it without comparing the source's time, which unpacking
    changes.

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
    with ThreadPoolExecutor(_N_PROCESSES) as pool:
        shares = (files[number::_N_PROCESSES] for number in range(_N_PROCESSES))
        output = "".join(pool.map(lambda share: _compile(share, folder, python), shares))
    if output:
        end = "\n  ".join(output.replace(f"{folder}/", "").strip().splitlines()[-_SHOWN_LINES:])
        raise BytecodeError(
            f"layers: cannot compile what would be shipped; found\n  {end}\nexpected modules of the target's Python. "
            f"Drop the file in layers/trim.py if nothing imports it."
        )


def _compile(files: list[Path], folder: Path, python: Path) -> str:
    """Compile these files in this order; return the compiler's messages if it fails."""
    command = [str(python), "-s", "-S", "-P", "-m", "compileall", "-q", "-i", "-"]
    command += ["--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", ROOT_ON_LAMBDA]
    done = subprocess.run(
        command,
        # the order of sets among the constants depends on their hashes
        env={"PATH": os.environ.get("PATH", ""), "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"},
        input="".join(f"{file}\n" for file in files),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    return (done.stdout or f"Python ended with status {done.returncode}") if done.returncode else ""
