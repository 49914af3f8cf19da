"""From a lock to zip files, on made-up wheels; when a build is repeated, and what an interrupted one leaves."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path

import pytest
from made_up_wheels import WheelHouse

from layers import build
from layers.build import build_layers
from layers.built import RECORD, BuiltLayer, build_key, read_built
from layers.errors import UvError
from layers.target import Target
from package import EXTRA_LAYERS, UNNEEDED


@pytest.fixture
def lock(wheel_house: WheelHouse) -> Path:
    """Return a lock with the shape of the real one."""
    wheel_house.put(
        "papermill",
        {
            "papermill/__init__.py": "",
            "papermill/tests/test_it.py": "",
            "papermill-1.data/scripts/papermill": "#!python\n",
        },
        needs=("numpy", "debugpy"),
    )
    wheel_house.put("numpy", {"numpy/core.so": "arm"}, tag="cp313-cp313-manylinux_2_17_aarch64")
    wheel_house.put("matplotlib", {"matplotlib/__init__.py": "", "pylab.py": ""}, needs=("numpy",))
    wheel_house.put("matplotlib-fontja", {"matplotlib_fontja/font.ttf": "エ"}, needs=("matplotlib",))
    wheel_house.put("nbconvert", {"nbconvert/__init__.py": ""})
    wheel_house.put("pyarrow", {"pyarrow/__init__.py": "", "pyarrow/libarrow_flight.so.2600": "flight"})
    wheel_house.put("debugpy", {"debugpy/__init__.py": ""})
    wheel_house.put("appnope", {"appnope.py": ""}, marker="sys_platform == 'darwin'")
    return wheel_house.write("papermill", "matplotlib", "matplotlib-fontja", "nbconvert", "pyarrow")


ARM = Target(architecture="arm64")


def build_all(target: Target, out: Path, lock: Path, lines: list[str] | None = None) -> list[BuiltLayer]:
    """Build the layers of a lock with the shape of the real one; collect the progress in `lines`."""
    progress = [].append if lines is None else lines.append
    return build_layers(target, out, lock=lock, extra_layers=EXTRA_LAYERS, unneeded=UNNEEDED, progress=progress)


def names(zip_file: Path) -> list[str]:
    """Return what a zip holds, in its order."""
    with zipfile.ZipFile(zip_file) as archive:
        return archive.namelist()


@pytest.mark.usefixtures("interpreter")
def test_builds_the_layers_from_a_lock(lock: Path, tmp_path: Path) -> None:
    """Each package is in one layer, trimmed and compiled, for another processor than this machine's."""
    lines: list[str] = []
    layers = build_all(ARM, tmp_path / "out", lock, lines)
    assert names(tmp_path / "out" / "base.zip") == [
        "python/numpy-1.dist-info/LICENSE",
        "python/numpy-1.dist-info/METADATA",
        "python/numpy/core.so",
        "python/papermill-1.dist-info/LICENSE",
        "python/papermill-1.dist-info/METADATA",
        "python/papermill/__init__.py",
        "python/papermill/__pycache__/__init__.cpython-313.pyc",
    ]
    assert names(tmp_path / "out" / "report.zip") == [
        "python/__pycache__/pylab.cpython-313.pyc",
        "python/matplotlib-1.dist-info/LICENSE",
        "python/matplotlib-1.dist-info/METADATA",
        "python/matplotlib/__init__.py",
        "python/matplotlib/__pycache__/__init__.cpython-313.pyc",
        "python/matplotlib_fontja-1.dist-info/LICENSE",
        "python/matplotlib_fontja-1.dist-info/METADATA",
        "python/matplotlib_fontja/font.ttf",
        "python/nbconvert-1.dist-info/LICENSE",
        "python/nbconvert-1.dist-info/METADATA",
        "python/nbconvert/__init__.py",
        "python/nbconvert/__pycache__/__init__.cpython-313.pyc",
        "python/pylab.py",
    ]
    assert names(tmp_path / "out" / "arrow.zip") == [
        "python/pyarrow-1.dist-info/LICENSE",
        "python/pyarrow-1.dist-info/METADATA",
        "python/pyarrow/__init__.py",
        "python/pyarrow/__pycache__/__init__.cpython-313.pyc",
    ]
    assert [layer.name for layer in layers] == ["base", "report", "arrow"]
    assert layers[0].part_bytes["numpy"] == 3
    assert layers[0].unzipped_bytes == sum(layers[0].part_bytes.values())
    assert len(lines) == 4
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        ".lock",
        "arrow.zip",
        "base.zip",
        "layers.json",
        "report.zip",
    ]
    assert str(tmp_path) not in (tmp_path / "out" / RECORD).read_text(encoding="utf-8")


@pytest.mark.usefixtures("interpreter")
def test_names_the_package_that_has_no_wheel(lock: Path, tmp_path: Path) -> None:
    """A package without a wheel is named; earlier zips stay, and no unfinished file is left."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "base.zip").write_text("earlier", encoding="utf-8")
    with pytest.raises(UvError, match=r"cannot install for Python 3\.13 on x86_64(.|\n)*numpy"):
        build_all(Target(), tmp_path / "out", lock)
    assert (tmp_path / "out" / "base.zip").read_text(encoding="utf-8") == "earlier"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [".lock", "base.zip"]


@pytest.mark.usefixtures("interpreter")
def test_refuses_a_wheel_that_was_replaced(lock: Path, tmp_path: Path) -> None:
    """A wheel of the same name with other content is refused for its hash."""
    with (lock.parent / "matplotlib-1-py3-none-any.whl").open("ab") as wheel:
        wheel.write(b"more")
    with pytest.raises(UvError, match=r"(?i)hash"):
        build_all(ARM, tmp_path / "out", lock)


class Builder:
    """A builder whose steps write one file a layer."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.n_builds = 0
        self.failure: type[BaseException] | None = None
        monkeypatch.setattr(build, "find_python", lambda _version: Path(sys.executable))
        monkeypatch.setattr(build, "install", self.install)
        monkeypatch.setattr(build, "read_needs", lambda _folder: {})
        monkeypatch.setattr(build, "plan_layers", lambda *_, **__: {"base": frozenset(), "report": frozenset()})
        monkeypatch.setattr(build, "assemble", self.assemble)
        monkeypatch.setattr(build, "compile_folder", self.compile_folder)

    def install(self, _lock: Path, _target: Target, _folder: Path) -> None:
        """Count."""
        self.n_builds += 1

    def assemble(self, _installed: Path, plan: dict[str, object], destination: Path) -> dict[str, Path]:
        """Make the layers' folders."""
        for layer in plan:
            (destination / layer / "python").mkdir(parents=True)
            (destination / layer / "python" / "number.py").write_text(f"{self.n_builds}", encoding="utf-8")
        return {layer: destination / layer for layer in plan}

    def compile_folder(self, folder: Path, _python: Path) -> None:
        """Fail in the second layer, if so wished."""
        if self.failure and folder.parent.name == "report":
            raise self.failure


@pytest.fixture
def builder(monkeypatch: pytest.MonkeyPatch) -> Builder:
    """Return a builder that takes no time."""
    return Builder(monkeypatch)


def run(lock: Path, out: Path) -> list[str]:
    """Build; return the zip files' names."""
    return [layer.name for layer in build_all(Target(), out, lock)]


def test_a_second_call_builds_nothing(builder: Builder, lock: Path, tmp_path: Path) -> None:
    """A second build with nothing changed installs nothing."""
    assert run(lock, tmp_path / "out") == run(lock, tmp_path / "out") == ["base", "report"]
    assert builder.n_builds == 1


@pytest.mark.parametrize("change", ["lock", "input", "architecture", "zip", "missing zip", "record"])
def test_any_change_builds_anew(builder: Builder, lock: Path, tmp_path: Path, change: str) -> None:
    """A change of the packages or the target, or a zip that is not what was built, causes a new build."""
    out, target = tmp_path / "out", Target()
    run(lock, out)
    if change == "lock":
        lock.write_text(lock.read_text(encoding="utf-8") + "# new\n", encoding="utf-8")
    elif change == "input":
        lock.with_suffix(".in").write_text("papermill\n", encoding="utf-8")
    elif change == "architecture":
        target = ARM
    elif change == "zip":
        (out / "base.zip").write_bytes((out / "base.zip").read_bytes()[:-1])
    elif change == "missing zip":
        (out / "report.zip").unlink()
    else:
        (out / RECORD).write_text('{"key": ', encoding="utf-8")
    build_all(target, out, lock)
    assert builder.n_builds == 2


@pytest.mark.parametrize("failure", [KeyboardInterrupt, SystemExit, OSError])
def test_an_interrupted_build_leaves_what_was_there(
    builder: Builder, lock: Path, tmp_path: Path, failure: type[BaseException]
) -> None:
    """The earlier zips stay whole, and the next call does not take them for the new ones."""
    out = tmp_path / "out"
    run(lock, out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    lock.write_text(lock.read_text(encoding="utf-8") + "# new\n", encoding="utf-8")
    builder.failure = failure
    with pytest.raises(failure):
        run(lock, out)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    builder.failure = None
    run(lock, out)
    assert builder.n_builds == 3
    assert zipfile.ZipFile(out / "base.zip").read("python/number.py") == b"3"


def test_what_a_killed_build_left_is_removed(builder: Builder, lock: Path, tmp_path: Path) -> None:
    """The next build removes what a killed one left, and no other file of the folder."""
    out = tmp_path / "out"
    (out / ".unfinished-1" / "layers").mkdir(parents=True)
    (out / "mine.txt").touch()
    run(lock, out)
    assert builder.n_builds == 1
    assert sorted(path.name for path in out.iterdir()) == [".lock", "base.zip", "layers.json", "mine.txt", "report.zip"]


def test_zips_without_their_record_do_not_count(builder: Builder, lock: Path, tmp_path: Path) -> None:
    """A build that was killed between moving its zips is repeated."""
    out = tmp_path / "out"
    run(lock, out)
    (out / RECORD).unlink()
    run(lock, out)
    assert builder.n_builds == 2


def test_the_key_depends_on_files_and_settings(tmp_path: Path) -> None:
    """A changed file, a renamed one and another target each give another key."""
    file, other = tmp_path / "a.py", tmp_path / "b.py"
    file.write_text("1", encoding="utf-8")
    other.write_text("1", encoding="utf-8")
    key = build_key([file], {"target": "x86_64"})
    assert key == build_key([file], {"target": "x86_64"})
    assert len({key, build_key([other], {"target": "x86_64"}), build_key([file], {"target": "arm64"})}) == 3
    file.write_text("2", encoding="utf-8")
    assert key != build_key([file], {"target": "x86_64"})


def test_a_record_of_another_shape_does_not_count(tmp_path: Path) -> None:
    """A record of an older builder causes a new build."""
    (tmp_path / RECORD).write_text(json.dumps({"key": "k", "layers": [{"name": "base"}]}), encoding="utf-8")
    assert read_built(tmp_path, "k") is None
