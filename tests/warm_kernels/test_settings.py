"""Settings, kernel commands, messages: what needs no kernel."""

import os
import sys
from pathlib import Path

import pytest

from warm_kernels.environment import become, own_variables
from warm_kernels.errors import SettingsError
from warm_kernels.ipc import Channel
from warm_kernels.launch_fingerprint import KernelCommand, origin_of, parse_command
from warm_kernels.settings import settings_from


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("WARM_KERNELS", "maybe", "expected 'on' or 'off'"),
        ("WARM_KERNELS_PRELOAD", "pandas;os.remove", "found 'pandas;os.remove'"),
        ("WARM_KERNELS_STANDBY", "-1", "expected 0 to 8"),
        ("WARM_KERNELS_STANDBY", "many", "found 'many'"),
    ],
)
def test_a_wrong_setting_is_named(variable, value, said):
    """The variable, what was found and what was expected."""
    with pytest.raises(SettingsError, match=rf"{variable}: .*{said}"):
        settings_from({variable: value})


def test_arguments_win_over_the_environment():
    """And an empty list of modules is none, not the default."""
    found = settings_from({"WARM_KERNELS_PRELOAD": "csv", "WARM_KERNELS_STANDBY": "2"}, preload=[], standby=0)
    assert (found.preload, found.standby) == ((), 0)
    with pytest.raises(SettingsError, match="'pandas'"):
        settings_from({}, preload="pandas")


@pytest.mark.parametrize(("platform", "enabled"), [("linux", True), ("darwin", False), ("win32", False)])
def test_forking_is_on_where_it_is_safe(monkeypatch, platform, enabled):
    """MacOS must be asked for."""
    monkeypatch.setattr(sys, "platform", platform)
    assert settings_from({}).enabled is enabled
    assert settings_from({"WARM_KERNELS": "off"}).enabled is False


@pytest.mark.parametrize(
    "command",
    [
        ["/usr/bin/python2", "-m", "ipykernel_launcher", "-f", "k.json"],
        [sys.executable, "-m", "another_launcher", "-f", "k.json"],
        [sys.executable, "script.py", "-m", "ipykernel_launcher"],
        [sys.executable, "-c", "import ipykernel_launcher"],
        ["bash", "-c", "ipykernel_launcher"],
        [],
    ],
)
def test_another_command_is_not_ours(command):
    """Another interpreter, kernel or launcher gets a normal kernel."""
    assert parse_command(command) is None


def test_an_interpreter_of_another_virtual_environment_is_another(tmp_path):
    """Though it is a link to the same program."""
    (tmp_path / "python").symlink_to(sys.executable)
    assert parse_command([str(tmp_path / "python"), "-m", "ipykernel_launcher"]) is None


def test_flags_arguments_and_start_variables_are_kept():
    """They make the zygote; other variables do not."""
    command = parse_command([sys.executable, "-X", "dev", "-m", "ipykernel_launcher", "-f", "k", "--a=1"])
    assert command == KernelCommand(sys.executable, ("-X", "dev"), ("-f", "k", "--a=1"))
    assert command.without_connection_file() == ("--a=1",)
    found = origin_of(command, {"PYTHONPATH": "/p", "OMP_NUM_THREADS": "1", "RUN": "2"})
    assert found.variables == (("OMP_NUM_THREADS", "1"), ("PYTHONPATH", "/p"))
    assert found.environment({"RUN": "3", "PYTHONPATH": "/q"}) == {
        "RUN": "3",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": "/p",
    }


def test_messages_carry_descriptors_and_any_size():
    """In order, in both directions; what nobody took is closed."""
    one, other = Channel.pair()
    with Path(os.devnull).open() as null:
        one.send({"a": 1}, [null.fileno(), null.fileno()])
        one.send({"b": "x" * 100_000}, timeout=1)
    assert other.receive(1) == {"a": 1}
    assert other.receive(1) == {"b": "x" * 100_000}
    left = list(other.descriptors)
    assert len(left) == 2
    with pytest.raises(TimeoutError):
        other.receive(0)
    one.hang_up()
    with pytest.raises(EOFError):
        other.receive(1)
    other.close()
    for descriptor in left:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)


def test_own_variables_survive_an_environment_unless_it_overrules_them(monkeypatch):
    """As if the process had started with it and then set its own."""
    monkeypatch.setattr(os, "environ", {"SET": "own", "ALSO": "own", "OLD": "1"})
    given = {"OLD": "1", "ALSO": "0"}
    become({"ALSO": "2", "NEW": "3"}, own_variables(given), given)
    assert os.environ == {"SET": "own", "ALSO": "2", "NEW": "3"}
