"""Functions that return what deployed code can see and do."""

import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

VERSION = 1


def hello(event: Any, _context: Any) -> dict[str, Any]:
    """Greet with the layer's words."""
    import greeting  # type: ignore[import-not-found]  # noqa: PLC0415 - only the functions with the layer have it

    return {"version": VERSION, "greeting": greeting.TEXT, "event": event}


def surroundings(event: dict[str, list[str]], _context: Any) -> dict[str, Any]:
    """Return the search path, the environment, and which of ``modules`` could be imported, here and in a child."""
    modules = event.get("modules", [])
    find = "import importlib.util, sys; print([n for n in sys.argv[1:] if importlib.util.find_spec(n)])"
    child = subprocess.run([sys.executable, "-c", find, *modules], capture_output=True, text=True, check=True)
    return {
        "path": sys.path,
        "environment": dict(os.environ),
        "cwd": str(Path.cwd()),
        "found": [name for name in modules if importlib.util.find_spec(name)],
        "found_by_child": child.stdout.strip(),
    }


def probe(event: dict[str, Any], _context: Any) -> Any:
    """Evaluate an expression; an error is returned by its name."""
    try:
        return eval(event["expression"], {"os": os, "sys": sys, "Path": Path, "subprocess": subprocess})  # noqa: S307
    except Exception as error:  # noqa: BLE001 - whatever it is, the test looks at it
        return type(error).__name__


def allocate(event: dict[str, int], _context: Any) -> int:
    """Use memory, in ``mb``, in this process and as much in each of ``n_children``, for ``seconds``."""
    hold = f"x = bytearray(b'x') * ({event['mb']} << 20); import time; time.sleep({event['seconds']})"
    children = [subprocess.Popen([sys.executable, "-c", hold]) for _ in range(event.get("n_children", 0))]
    kept = bytearray(b"x") * (event["mb"] << 20)
    time.sleep(event["seconds"])
    for child in children:
        child.wait()
    return len(kept)
