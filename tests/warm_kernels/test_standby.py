"""A kernel forked ahead of time serves the notebook that fits it, and only that one."""

import os
import signal
import time

import psutil
import pytest

import warm_kernels
from warm_kernels.zygote.zygote_manager import keeper

pytestmark = pytest.mark.notebook

WHO = "import os; os.getpid()"


@pytest.fixture
def standby(warm):  # noqa: ARG001 - its set-up and tear-down
    """Return a function that starts a standby kernel and returns its process id."""

    def start(**options):
        warm_kernels.start(preload=[], standby=1, wait=True, **options)
        return str(keeper._standbys[0].process.pid)

    return start


def test_it_is_used_once_and_replaced(warm, standby):
    """Each notebook has a fresh process here too."""
    first = standby()
    assert warm(WHO) == [first]
    keeper._standbys[0].wait_until_ready()
    second = str(keeper._standbys[0].process.pid)
    assert warm(WHO) == [second] != [first]


def test_it_takes_the_environment_of_its_notebook(warm, standby, monkeypatch):
    """Not the one of the time when it was forked; what the kernel sets itself stays."""
    monkeypatch.setenv("BEFORE", "1")
    pid = standby()
    monkeypatch.delenv("BEFORE")
    monkeypatch.setenv("AFTER", "2")
    look = "print(*(os.environ.get(name) for name in ('BEFORE', 'AFTER', 'MPLBACKEND', 'TERM')))"
    who, seen = warm(WHO, look)
    assert who == pid
    assert seen == "None 2 module://matplotlib_inline.backend_inline xterm-color\n"


def test_other_arguments_or_another_folder_get_another_kernel(warm, standby, monkeypatch, tmp_path):
    """The one that does not fit is ended, and the next ones are like the notebook that came."""
    pid = standby()
    arguments = {"extra_arguments": ["--IPKernelApp.log_level=ERROR"]}
    assert warm(WHO, **arguments) != [pid]
    keeper._standbys[0].wait_until_ready()
    assert warm(WHO, extra_arguments=["--IPKernelApp.log_level=ERROR"]) != [pid]
    keeper._standbys[0].wait_until_ready()
    pid = str(keeper._standbys[0].process.pid)
    monkeypatch.chdir(tmp_path)
    who, folder = warm(WHO, "print(os.getcwd())", extra_arguments=["--IPKernelApp.log_level=ERROR"])
    assert who != pid
    assert folder == f"{tmp_path}\n"


def test_one_that_died_is_passed_over(warm, standby):
    """The notebook runs all the same, without a warning."""
    pid = standby()
    os.kill(int(pid), signal.SIGKILL)
    time.sleep(0.1)
    assert warm(WHO) != [pid]
    assert not keeper._warned


def test_one_that_was_frozen_wakes_up(warm, standby):
    """As a Lambda between two invocations, longer than the interval at which kernels look after their parents."""
    pid = standby()
    frozen = [psutil.Process(int(pid)), psutil.Process(keeper._zygote.pid)]
    for process in frozen:
        process.suspend()
    time.sleep(1.5)
    for process in frozen:
        process.resume()
    assert warm(WHO) == [pid]


def test_raw_output_reaches_the_streams_of_its_owner(warm, standby, monkeypatch, capfd):
    """Those of now, not those of the time when it was forked, which are gone."""
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # in a test, ipykernel leaves the streams alone
    with capfd.disabled():
        pid = standby()
    who, _ = warm(WHO, "import os, time; os.write(1, b'raw-output'); time.sleep(0.2)")
    assert who == pid
    assert "raw-output" in capfd.readouterr().out


def test_stop_ends_it(warm, standby):
    """Like everything else; the next notebook starts anew."""
    pid = int(standby())
    zygote = keeper._zygote.pid
    warm_kernels.stop()
    assert not psutil.pid_exists(zygote)
    deadline = time.monotonic() + 2
    while psutil.pid_exists(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not psutil.pid_exists(pid)
    assert warm(WHO)


def test_start_again_does_nothing(standby):
    """With the same arguments; with others the zygote is another one."""
    standby()
    zygote, kernel = keeper._zygote.pid, keeper._standbys[0].process.pid
    warm_kernels.start(preload=[], standby=1, wait=True)
    assert (keeper._zygote.pid, keeper._standbys[0].process.pid) == (zygote, kernel)
    warm_kernels.start(preload=["csv"], standby=0, wait=True)
    assert keeper._zygote.pid != zygote
    assert keeper._standbys == []


def test_a_graceful_shutdown_does_not_stall_and_runs_atexit(warm, tmp_path):
    """It sometimes took 2.5 seconds, one time in ten; an immediate one runs no atexit function."""
    for number in range(8):
        cell = f"import atexit; atexit.register(open, r'{tmp_path}/{number}', 'w')"
        started = time.monotonic()
        warm(cell, shutdown_kernel="graceful")
        assert time.monotonic() - started < 2.4 + 3 * (number == 0)
    warm(cell.replace("/7'", "/killed'"))
    assert sorted(path.name for path in tmp_path.iterdir()) == [str(number) for number in range(8)]
