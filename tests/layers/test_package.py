"""``make package``: builds the zips, and ends with an error before anything that would not fit can be deployed."""

from __future__ import annotations

from pathlib import Path

import pytest

import package
from layers.budget import MIB
from layers.built import BuiltLayer
from layers.errors import UvError
from package import layers_of_functions, main, unzipped_bytes

SIZES = {"base": 136, "report": 66, "arrow": 98}


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, int]:
    """Return the sizes in MiB that the layers will have; a test may change them."""
    sizes = dict(SIZES)
    monkeypatch.setattr(package, "ROOT", tmp_path)
    monkeypatch.setattr(package, "FUNCTION", tmp_path / "function.zip")
    monkeypatch.setattr(
        package,
        "build_project_layers",
        lambda _target, _out: [
            BuiltLayer(name, MIB, "", size * MIB, {name: size * MIB}) for name, size in sizes.items()
        ],
    )
    return sizes


@pytest.mark.usefixtures("sizes")
def test_prints_the_size_of_each_function(capsys: pytest.CaptureFixture[str]) -> None:
    """The table names each function of serverless.yml, with the size of its layers and its code."""
    assert main(["--out", "out"]) == 0
    printed = capsys.readouterr().out
    for expected in ("function.zip and out/base.zip, out/report.zip, out/arrow.zip", "of 250.0 MiB", "data_join"):
        assert expected in printed
    code_mib = unzipped_bytes(package.FUNCTION) / MIB
    assert f"{136 + 98 + code_mib:.1f}" in printed


def test_fails_when_a_function_is_too_large(sizes: dict[str, int], capsys: pytest.CaptureFixture[str]) -> None:
    """The exit status 1 stops make before it deploys; the message names the function and its largest packages."""
    sizes["arrow"] = 110
    assert main([]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("data_join: too large; found 246.")
    assert "Largest: base 136.0 MiB, arrow 110.0 MiB." in shown.err


def test_prints_one_message_when_a_build_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An error of the builder is one message without a traceback, and the exit status 1."""

    def fail(*_: object) -> None:
        raise UvError("layers: no Python 3.13 on this machine")

    monkeypatch.setattr(package, "build_project_layers", fail)
    assert main([]) == 1
    assert capsys.readouterr().err == "layers: no Python 3.13 on this machine\n"


@pytest.mark.parametrize("wrong", [["--architecture", "mips"], ["--python", "3.11"], ["extra"]])
def test_refuses_what_lambda_does_not_have(wrong: list[str]) -> None:
    """Wrong usage is status 2."""
    with pytest.raises(SystemExit) as caught:
        main(wrong)
    assert caught.value.code == 2


def test_reads_the_layers_of_each_function_from_serverless_yml() -> None:
    """The layers are those that serverless.yml gives to each function."""
    assert layers_of_functions() == {
        "load_file": ["base"],
        "data_join": ["base", "arrow"],
        "check_output": ["base", "report"],
        "notify": ["base"],
        "publish": ["base"],
    }
