"""Run uv with the package index that pip is configured for, and without any other setting of the user's.

``python -P run_uv.py ARGUMENTS`` is uv with these arguments. Needs the standard library, uv and, to read its
configuration, pip: so the set-up of a virtual environment can use this file before it has installed a package.
"""

from __future__ import annotations

import ast
import os
import re
import ssl
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

# What of the user's own settings for uv is about the index, the network and the cache. Any other one, such as a target
# folder or another Python, could change which packages are installed, or where.
_KEPT = (
    *("UV_CACHE_DIR", "UV_CONCURRENT_", "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_HTTP_"),
    *("UV_INDEX", "UV_INSECURE_HOST", "UV_KEYRING_PROVIDER", "UV_LINK_MODE", "UV_NO_CACHE", "UV_OFFLINE"),
    *("UV_PYTHON_INSTALL_DIR", "UV_SYSTEM_CERTS"),
)
# pip's options, and uv's variables for the same, with what separates several values
_PIP_OPTIONS = {
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "no-index": ("UV_OFFLINE", " "),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "proxy": ("ALL_PROXY", " "),
    "cert": ("SSL_CERT_FILE", " "),
    "client-cert": ("SSL_CLIENT_CERT", " "),
}


def uv_environment() -> dict[str, str]:
    """Return the environment for uv: this process's own, with pip's settings where uv has none."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(_KEPT) or not name.startswith(("UV_", "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV"))
    }
    # uv would take the first index that has any version of a package; pip looks in all, and the lock has hashes
    environment |= {"UV_NO_CONFIG": "1", "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
    environment.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    if "UV_INDEX_URL" in environment:
        environment.setdefault("UV_DEFAULT_INDEX", environment["UV_INDEX_URL"])
    for option, value in _pip_settings().items():
        if option in _PIP_OPTIONS:
            variable, separator = _PIP_OPTIONS[option]
            environment.setdefault(variable, separator.join(value.split()))
    certificates = ssl.get_default_verify_paths()
    if certificates.cafile or (certificates.capath and any(Path(certificates.capath).iterdir())):
        environment.setdefault("UV_SYSTEM_CERTS", "1")
    if not _is_cache_writable(environment):
        environment["UV_NO_CACHE"] = "1"
    return environment


def _is_cache_writable(environment: Mapping[str, str]) -> bool:
    """Tell whether uv can write its cache; in some containers there is no home folder, and uv would give up."""
    folder = environment.get("UV_CACHE_DIR") or f"{environment.get('XDG_CACHE_HOME') or '~/.cache'}/uv"
    try:
        cache = Path(folder).expanduser()
        cache.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return False
    return os.access(cache, os.W_OK)


def _pip_settings() -> dict[str, str]:
    """Return what pip's files and variables set for ``pip install``, by option; nothing where there is no pip."""
    command = [sys.executable, "-E", "-m", "pip", "config", "list", "--disable-pip-version-check"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    settings = {}
    for section in ("global", "install", ":env:"):
        for option, value in re.findall(rf"^{section}\.([a-z-]+)=(.*)$", listed, re.MULTILINE):
            settings[option] = ast.literal_eval(value)
    return settings


def uv_command(*arguments: str) -> list[str]:
    """Return the command line of uv with these arguments."""
    from uv import find_uv_bin  # noqa: PLC0415 - so that importing this module needs no uv

    return [find_uv_bin(), *arguments]


if __name__ == "__main__":
    os.execve(uv_command()[0], uv_command(*sys.argv[1:]), uv_environment())  # noqa: S606 - uv, and no shell
