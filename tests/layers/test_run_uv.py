"""uv uses the package index that pip is configured for, and no other setting of the user's."""

from __future__ import annotations

import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from made_up_wheels import WheelHouse

from layers import run_uv
from layers.run_uv import uv_environment


@pytest.fixture(autouse=True)
def pip_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return pip's configuration file on a machine where nothing else configures pip or uv."""
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_", "SSL_CERT"))]:
        monkeypatch.delenv(name)
    path = tmp_path / "pip.conf"
    path.touch()
    monkeypatch.setenv("PIP_CONFIG_FILE", str(path))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    return path


def test_pips_settings_become_uvs(pip_configuration: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Index, further indexes, wheels, hosts, proxy and certificates are taken from pip's files and variables."""
    pip_configuration.write_text(
        "[global]\nindex-url = https://user:secret@mirror.example/simple\nfind-links =\n    /wheels\n    /more\n"
        "proxy = http://proxy.example:3128\n[install]\ntrusted-host = mirror.example other.example\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "https://a.example/simple https://b.example/simple")
    monkeypatch.setenv("PIP_CERT", "/company.pem")
    environment = uv_environment()
    expected = {
        "UV_DEFAULT_INDEX": "https://user:secret@mirror.example/simple",
        "UV_INDEX": "https://a.example/simple https://b.example/simple",
        "UV_FIND_LINKS": "/wheels,/more",
        "UV_INSECURE_HOST": "mirror.example other.example",
        "ALL_PROXY": "http://proxy.example:3128",
        "SSL_CERT_FILE": "/company.pem",
    }
    assert {name: environment.get(name) for name in expected} == expected


def test_a_variable_of_pip_wins_over_its_file(pip_configuration: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order of precedence is pip's own."""
    pip_configuration.write_text("[global]\nindex-url = https://file.example/simple\n", encoding="utf-8")
    monkeypatch.setenv("PIP_INDEX_URL", "https://variable.example/simple")
    assert uv_environment()["UV_DEFAULT_INDEX"] == "https://variable.example/simple"


@pytest.mark.parametrize("name", ["UV_DEFAULT_INDEX", "UV_INDEX_URL"])
def test_uvs_own_index_wins_over_pips(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A user who has configured uv's index gets that index."""
    monkeypatch.setenv("PIP_INDEX_URL", "https://pip.example/simple")
    monkeypatch.setenv(name, "https://uv.example/simple")
    assert uv_environment()["UV_DEFAULT_INDEX"] == "https://uv.example/simple"


def test_without_configuration_uv_has_its_own_index() -> None:
    """On a machine without any configuration no index is named."""
    names = {name for name in uv_environment() if name.startswith("UV_") and "INDEX" in name}
    assert names == {"UV_INDEX_STRATEGY"}


def test_settings_that_send_packages_elsewhere_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another Python, other hashes, a configuration file or a download of Python never reach uv."""
    for name in ("UV_PYTHON", "UV_SYSTEM_PYTHON", "UV_NO_VERIFY_HASHES", "UV_CONSTRAINT", "UV_CONFIG_FILE"):
        monkeypatch.setenv(name, "1")
    for name in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME"):
        monkeypatch.setenv(name, "/elsewhere")
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "automatic")
    environment = uv_environment()
    assert {"UV_PYTHON", "UV_SYSTEM_PYTHON", "UV_NO_VERIFY_HASHES", "UV_CONSTRAINT"}.isdisjoint(environment)
    assert {"UV_CONFIG_FILE", "VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME"}.isdisjoint(environment)
    assert (environment["UV_PYTHON_DOWNLOADS"], environment["UV_NO_CONFIG"]) == ("never", "1")


def test_an_unwritable_cache_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A home folder that cannot be written, as in some containers, costs the cache and nothing else."""
    monkeypatch.setenv("UV_CACHE_DIR", "/proc/nowhere/cache")
    assert uv_environment()["UV_NO_CACHE"] == "1"


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    """Serve a package index on loopback; return its address."""
    (tmp_path / "simple").mkdir()
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/simple"
        server.shutdown()


def test_uv_installs_from_the_index_that_only_pip_knows(index: str, tmp_path: Path, pip_configuration: Path) -> None:
    """A machine whose pip is configured for a mirror needs no configuration of uv."""
    pip_configuration.write_text(f"[global]\nindex-url = {index}\n", encoding="utf-8")
    folder = tmp_path / "simple" / "made-up"
    folder.mkdir()
    house = WheelHouse(folder)
    house.put("made-up", {"made_up.py": ""})
    command = [sys.executable, "-P", run_uv.__file__, "pip", "install", "--quiet", "--require-hashes"]
    command += ["--target", str(tmp_path / "there"), "-r", str(house.write())]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "there" / "made_up.py").exists()
