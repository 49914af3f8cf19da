"""Settings, kernel commands, messages and environments, without a kernel."""

import os
import sys
from pathlib import Path

import pytest

from warm_kernels.errors import SettingsError
from warm_kernels.ipc import MessageSocket
from warm_kernels.kernel.process_state import environment_changes, replace_environment
from warm_kernels.kernel_launch import KernelCommand, KernelLaunch, parse_command
from warm_kernels.launch_fingerprint import launch_fingerprint_of
from warm_kernels.settings import settings_from


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("WARM_KERNELS", "maybe", "expected 'on' or 'off'"),
        ("WARM_KERNELS_PRELOAD", "pandas;os.remove", "found 'pandas;os.remove'"),
        ("WARM_KERNELS_STANDBY", "-1", "expected 0 to 8"),
        ("WARM_KERNELS_STANDBY", "many", "found 'many'"),
    ],
)
def test_a_wrong_setting_is_named(variable, value, message):
    """A wrong setting is an error that names the variable, the value and the rule."""
    with pytest.raises(SettingsError, match=rf"{variable}: .*{message}"):
        settings_from({variable: value})


def test_arguments_win_over_the_environment():
    """An argument takes precedence over its variable, and an empty list of modules means no modules."""
    settings = settings_from({"WARM_KERNELS_PRELOAD": "csv", "WARM_KERNELS_STANDBY": "2"}, preload=[], standby=0)
    assert (settings.preload, settings.standby) == ((), 0)
    with pytest.raises(SettingsError, match="'pandas'"):
        settings_from({}, preload="pandas")


@pytest.mark.parametrize(("platform", "enabled"), [("linux", True), ("darwin", False), ("win32", False)])
def test_forking_is_on_where_it_is_safe(monkeypatch, platform, enabled):
    """Forking is on by default on Linux only."""
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
    """The command of another interpreter, kernel or launcher is not parsed."""
    assert parse_command(command) is None


def test_an_interpreter_of_another_virtual_environment_is_another(tmp_path):
    """An interpreter of another virtual environment is not this one, even if both are links to one program."""
    (tmp_path / "python").symlink_to(sys.executable)
    assert parse_command([str(tmp_path / "python"), "-m", "ipykernel_launcher"]) is None


def test_flags_arguments_and_start_variables_are_kept():
    """The fingerprint of a launch has its flags and start variables, and no other variables."""
    command = parse_command([sys.executable, "-X", "dev", "-m", "ipykernel_launcher", "-f", "k", "--a=1"])
    assert command == KernelCommand(sys.executable, ("-X", "dev"), ("-f", "k", "--a=1"))
    launch = KernelLaunch(command, {"PYTHONPATH": "/p", "OMP_NUM_THREADS": "1", "RUN": "2"}, "/", [])
    assert launch.without_connection_file().command.arguments == ("--a=1",)
    fingerprint = launch_fingerprint_of(launch)
    assert fingerprint.variables == (("OMP_NUM_THREADS", "1"), ("PYTHONPATH", "/p"))
    assert fingerprint.environment({"RUN": "3", "PYTHONPATH": "/q"}) == {
        "RUN": "3",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": "/p",
    }


def test_messages_carry_descriptors_and_any_size():
    """Messages of any size arrive in order with their descriptors, and `close` closes descriptors that nobody took."""
    ours, theirs = MessageSocket.pair()
    with Path(os.devnull).open() as null:
        ours.send({"a": 1}, [null.fileno(), null.fileno()])
        ours.send({"b": "x" * 100_000}, timeout=1)
    assert theirs.receive(1) == {"a": 1}
    assert theirs.receive(1) == {"b": "x" * 100_000}
    left = list(theirs.descriptors)
    assert len(left) == 2
    with pytest.raises(TimeoutError):
        theirs.receive(0)
    ours.shutdown()
    with pytest.raises(EOFError):
        theirs.receive(1)
    theirs.close()
    for descriptor in left:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)


def test_own_variables_survive_an_environment_unless_it_overrules_them(monkeypatch):
    """A variable that the process set itself is kept unless the new environment changes it."""
    monkeypatch.setattr(os, "environ", {"SET": "own", "ALSO": "own", "OLD": "1"})
    initial = {"OLD": "1", "ALSO": "0"}
    replace_environment({"ALSO": "2", "NEW": "3"}, environment_changes(initial), initial)
    assert os.environ == {"SET": "own", "ALSO": "2", "NEW": "3"}
