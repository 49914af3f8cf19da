"""A kernel forked ahead of time serves a notebook with its arguments and folder, and no other."""

import os
import signal
import time

import psutil
import pytest

import warm_kernels
from warm_kernels.zygote.zygote_manager import zygote_manager

pytestmark = pytest.mark.notebook

WHO = "import os; os.getpid()"


@pytest.fixture
def standby(warm):  # noqa: ARG001 - its set-up and tear-down
    """Return a function that starts a standby kernel and returns its process id."""

    def start(**options):
        warm_kernels.start(preload=[], standby=1, wait=True, **options)
        return str(zygote_manager._standbys[0].process.pid)

    return start


def test_it_is_used_once_and_replaced(warm, standby):
    """A standby kernel serves one notebook, and another standby kernel takes its place."""
    first = standby()
    assert warm(WHO) == [first]
    zygote_manager._standbys[0].wait_until_ready()
    second = str(zygote_manager._standbys[0].process.pid)
    assert warm(WHO) == [second] != [first]


def test_it_takes_the_environment_of_its_notebook(warm, standby, monkeypatch):
    """A standby kernel gets the environment of its notebook, and keeps the variables that it set itself."""
    monkeypatch.setenv("BEFORE", "1")
    pid = standby()
    monkeypatch.delenv("BEFORE")
    monkeypatch.setenv("AFTER", "2")
    look = "print(*(os.environ.get(name) for name in ('BEFORE', 'AFTER', 'MPLBACKEND', 'TERM')))"
    who, seen = warm(WHO, look)
    assert who == pid
    assert seen == "None 2 module://matplotlib_inline.backend_inline xterm-color\n"


def test_other_arguments_or_another_folder_get_another_kernel(warm, standby, monkeypatch, tmp_path):
    """A notebook with other arguments or another folder gets a new kernel, and later standby kernels are like it."""
    pid = standby()
    arguments = {"extra_arguments": ["--IPKernelApp.log_level=ERROR"]}
    assert warm(WHO, **arguments) != [pid]
    zygote_manager._standbys[0].wait_until_ready()
    assert warm(WHO, extra_arguments=["--IPKernelApp.log_level=ERROR"]) != [pid]
    zygote_manager._standbys[0].wait_until_ready()
    pid = str(zygote_manager._standbys[0].process.pid)
    monkeypatch.chdir(tmp_path)
    who, folder = warm(WHO, "print(os.getcwd())", extra_arguments=["--IPKernelApp.log_level=ERROR"])
    assert who != pid
    assert folder == f"{tmp_path}\n"


def test_one_that_died_is_passed_over(warm, standby):
    """When the standby kernel has died, the notebook runs in another kernel without a warning."""
    pid = standby()
    os.kill(int(pid), signal.SIGKILL)
    time.sleep(0.1)
    assert warm(WHO) != [pid]
    assert not zygote_manager._warnings


def test_one_that_was_frozen_wakes_up(warm, standby):
    """A standby kernel that was frozen, as a Lambda is between two invocations, serves its notebook."""
    pid = standby()
    frozen = [psutil.Process(int(pid)), psutil.Process(zygote_manager._zygote.pid)]
    for process in frozen:
        process.suspend()
    time.sleep(1.5)
    for process in frozen:
        process.resume()
    assert warm(WHO) == [pid]


def test_raw_output_reaches_the_streams_of_its_owner(warm, standby, monkeypatch, capfd):
    """Raw output of a standby kernel goes to the streams that the owner has when the notebook starts."""
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # in a test, ipykernel leaves the streams alone
    with capfd.disabled():
        pid = standby()
    who, _ = warm(WHO, "import os, time; os.write(1, b'raw-output'); time.sleep(0.2)")
    assert who == pid
    assert "raw-output" in capfd.readouterr().out


def test_stop_ends_it(warm, standby):
    """`stop` ends the zygote and its standby kernel, and the next notebook starts a new zygote."""
    pid = int(standby())
    zygote = zygote_manager._zygote.pid
    warm_kernels.stop()
    assert not psutil.pid_exists(zygote)
    deadline = time.monotonic() + 2
    while psutil.pid_exists(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not psutil.pid_exists(pid)
    assert warm(WHO)


def test_start_again_does_nothing(standby):
    """`start` with the same arguments changes nothing; with others it replaces the zygote."""
    standby()
    zygote, kernel = zygote_manager._zygote.pid, zygote_manager._standbys[0].process.pid
    warm_kernels.start(preload=[], standby=1, wait=True)
    assert (zygote_manager._zygote.pid, zygote_manager._standbys[0].process.pid) == (zygote, kernel)
    warm_kernels.start(preload=["csv"], standby=0, wait=True)
    assert zygote_manager._zygote.pid != zygote
    assert zygote_manager._standbys == []


def test_a_graceful_shutdown_does_not_stall_and_runs_atexit(warm, tmp_path):
    """A graceful shutdown runs atexit functions without a stall, and an immediate one runs none."""
    for number in range(8):
        cell = f"import atexit; atexit.register(open, r'{tmp_path}/{number}', 'w')"
        started = time.monotonic()
        warm(cell, shutdown_kernel="graceful")
        assert time.monotonic() - started < 2.4 + 3 * (number == 0)
    warm(cell.replace("/7'", "/killed'"))
    assert sorted(path.name for path in tmp_path.iterdir()) == [str(number) for number in range(8)]
