"""The same files give the same zip, and bytecode that Lambda loads as it is."""

from __future__ import annotations

import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from layers.archive import write_zip
from layers.bytecode import compile_folder
from layers.errors import BytecodeError


def put(folder: Path, **files: str) -> Path:
    """Write modules below a folder; return it."""
    for name, text in files.items():
        path = folder / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_a_zip_does_not_show_who_made_it(tmp_path: Path) -> None:
    """Another order, other times and other permissions: the same bytes."""
    one, two = put(tmp_path / "one", a="1", b="2"), put(tmp_path / "elsewhere" / "two", b="2", a="1")
    os.utime(two / "a.py", (1, 1))
    (two / "a.py").chmod(0o700)
    write_zip(one, tmp_path / "one.zip")
    write_zip(two, tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_a_zip_is_readable_for_lambdas_user(tmp_path: Path) -> None:
    """Lambda runs functions as another user than the one who unpacks."""
    write_zip(put(tmp_path / "layer" / "python", a="1").parent, tmp_path / "layer.zip")
    (entry,) = zipfile.ZipFile(tmp_path / "layer.zip").infolist()
    assert (entry.filename, entry.external_attr >> 16) == ("python/a.py", 0o100644)


def test_bytecode_is_unchecked_and_names_the_place_on_lambda(tmp_path: Path, interpreter: Path) -> None:
    """The flags of PEP 552 are 1: by hash, and the source is not looked at."""
    compile_folder(put(tmp_path / "python", module="def f(): pass"), interpreter)
    (compiled,) = (tmp_path / "python" / "__pycache__").iterdir()
    content = compiled.read_bytes()
    assert content[4:8] == b"\1\0\0\0"
    assert b"/opt/python/module.py" in content
    assert str(tmp_path).encode() not in content


def test_bytecode_does_not_show_where_it_was_compiled(tmp_path: Path, interpreter: Path) -> None:
    """Two folders with the same modules, one of which makes a compiler remember names: the same bytes."""
    modules = {
        "a": "comm_open = comm_close = 1",
        "b": "def f(x): return x in {'comm_open', 'comm_close'}\ndef g(x): return x in {'comm_open', 'comm_close'}",
        "c": "comm_open = 2",
    }
    found = []
    for folder in (tmp_path / "one", tmp_path / "another" / "two"):
        compile_folder(put(folder, **modules), interpreter)
        found.append([file.read_bytes() for file in sorted((folder / "__pycache__").iterdir())])
    assert len(found[0]) == 3
    assert found[0] == found[1]


def test_a_module_loads_from_its_bytecode(tmp_path: Path, interpreter: Path) -> None:
    """Its source's time changes when a layer is unpacked; the bytecode is taken all the same."""
    folder = compile_and_spoil(tmp_path / "python", interpreter)
    code = f"import sys; sys.path.insert(0, {str(folder)!r}); import module; print(module.VALUE)"
    done = subprocess.run([interpreter, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"


def compile_and_spoil(folder: Path, interpreter: Path) -> Path:
    """Compile a module, then change its source."""
    compile_folder(put(folder, module="VALUE = 1"), interpreter)
    return put(folder, module="VALUE = 2222")


def test_refuses_a_module_of_another_python(tmp_path: Path, interpreter: Path) -> None:
    """The error names the file, not a folder of this machine."""
    folder = put(tmp_path / "python", good="1", bad="print 1")
    with pytest.raises(BytecodeError, match=r"bad\.py") as caught:
        compile_folder(folder, interpreter)
    assert str(tmp_path) not in str(caught.value)
