"""Pythons without a developer's packages: deployed code must import only what was deployed."""

import importlib.metadata
import re
import shutil
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from local_aws.errors import RuntimeNotFoundError
from local_aws.functions.runtime import lambda_bootstrap, runtime_transport
from local_aws.functions.runtime.interpreters import find_interpreter

_CLIENT = "awslambdaric"
_RUNTIME = re.compile(r"python(3\.\d+)")
_REQUIREMENT_NAME = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True)
class IsolatedPython:
    """A Python with the standard library and no packages, and Lambda's runtime client beside it.

    Attributes
    ----------
    version
        Such as ``3.13``.
    lang
        A virtual environment without packages; becomes ``/var/lang``.
    base
        The installation with the standard library.
    runtime
        The folder with the runtime client and nothing else; becomes ``/var/runtime``.
    sandbox_lang, sandbox_base
        `lang` and `base` with the paths that they have in a sandbox.
    """

    version: str
    lang: Path
    base: Path
    runtime: Path
    sandbox_lang: Path
    sandbox_base: Path


class IsolatedPythons:
    """Makes each `IsolatedPython` at its first use, in the folder `root`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._pythons: dict[str, IsolatedPython] = {}

    def get(self, runtime: str) -> IsolatedPython:
        """Return the Python for a Lambda runtime, such as ``python3.13``.

        Raises
        ------
        RuntimeNotFoundError
            It is no Python, or this machine has no such Python; the message says what to install.
        """
        matched = _RUNTIME.fullmatch(runtime)
        if not matched:
            raise RuntimeNotFoundError(f"runtime: cannot be run here; found {runtime!r}; expected python3.X")
        with self._lock:
            if runtime not in self._pythons:
                self._pythons[runtime] = self._make(matched[1])
            return self._pythons[runtime]

    def _make(self, version: str) -> IsolatedPython:
        interpreter = find_interpreter(version)
        base, folder = interpreter.base, self._root / version
        sandbox_base = base if base == Path("/usr") else Path("/var/base")
        lang, sandbox_lang, runtime = folder / "lang", folder / "sandbox-lang", folder / "runtime"
        _make_lang(lang, version, interpreter.executable)
        _make_lang(sandbox_lang, version, sandbox_base / interpreter.executable.relative_to(base.resolve()))
        for library in (base / "lib").glob(f"libpython{version}*.so*"):  # the loader may look for it at its old place
            (sandbox_lang / "lib" / library.name).symlink_to(sandbox_base / "lib" / library.name)
        _copy_client(runtime, is_ours=sys.version_info[:2] == tuple(map(int, version.split("."))))
        return IsolatedPython(version, lang, base, runtime, sandbox_lang, sandbox_base)


def _make_lang(folder: Path, version: str, executable: Path) -> None:
    """Make a virtual environment without any packages."""
    (folder / "lib" / f"python{version}" / "site-packages").mkdir(parents=True)
    (folder / "bin").mkdir()
    for name in ("python", "python3", f"python{version}"):
        (folder / "bin" / name).symlink_to(executable)
    settings = f"home = {executable.parent}\ninclude-system-site-packages = false\n"
    (folder / "pyvenv.cfg").write_text(settings, encoding="utf-8")


def _copy_client(folder: Path, *, is_ours: bool) -> None:
    """Copy the runtime client and its dependencies, with their times, so that compiled files stay valid.

    Another version of Python than ours gets no extension modules, and `runtime_transport` in the place of one.
    """
    folder.mkdir(parents=True)
    shutil.copy(lambda_bootstrap.__file__, folder / "bootstrap.py")
    if not is_ours:
        shutil.copy(runtime_transport.__file__, folder / "runtime_client.py")
    for distribution in _with_requirements(_CLIENT):
        for top in {path.parts[0] for path in distribution.files or [] if not _is_metadata(path.parts[0])}:
            source = Path(str(distribution.locate_file(top)))
            if source.is_dir():
                shutil.copytree(source, folder / top, ignore=shutil.ignore_patterns("tests"))
            elif is_ours or source.suffix == ".py":
                shutil.copy2(source, folder / top)


def _with_requirements(name: str) -> list[importlib.metadata.Distribution]:
    distribution = importlib.metadata.distribution(name)
    plain = [text for text in distribution.requires or [] if "extra" not in text]
    names = [matched[0] for text in plain if (matched := _REQUIREMENT_NAME.match(text))]
    return [distribution, *(each for required in names for each in _with_requirements(required))]


def _is_metadata(top: str) -> bool:
    return top in ("..", "__pycache__") or top.endswith((".dist-info", ".egg-info"))
