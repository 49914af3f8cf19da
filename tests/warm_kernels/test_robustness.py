"""When a kernel, a zygote or an owner dies, no process remains, nothing hangs, and the notebook shows the error."""

import asyncio
import gc
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillExecutionError
from warm_cells import displayed, execute

import warm_kernels
from warm_kernels.jupyter.manager import WarmKernelManager
from warm_kernels.zygote.zygote import BOOT
from warm_kernels.zygote.zygote_manager import zygote_manager

pytestmark = pytest.mark.notebook

PARENT = "import os; os.getppid()"
NO_PROCESSES = "import os\ndef fork(): raise OSError(11, 'Resource temporarily unavailable')\nos.fork = fork\n"
# WARM_KERNELS_TEST_NOTEBOOKS=1000 pytest tests/warm_kernels -k leaks_nothing: three minutes
NOTEBOOKS = int(os.environ.get("WARM_KERNELS_TEST_NOTEBOOKS", "60"))


def lives(pid):
    """Tell whether a process exists; a zombie counts unless its parent is the init process."""
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE or process.ppid() != 1
    except psutil.NoSuchProcess:
        return False


def gone(*pids, seconds=5.0):
    """Wait for processes to end, and tell whether they have."""
    deadline = time.monotonic() + seconds
    while (living := [pid for pid in pids if lives(pid)]) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not living


def test_kernels_are_fresh_processes_of_one_zygote(warm):
    """Each notebook runs in a process of its own, forked from one zygote."""
    look = "import os; os.getppid(), os.getpid()"
    runs = {tuple(map(int, warm(look)[0].strip("()").split(","))) for _ in range(3)}
    assert {zygote for zygote, _ in runs} == {zygote_manager._zygote.pid}
    assert len({kernel for _, kernel in runs}) == 3
    assert gone(*(kernel for _, kernel in runs))


def test_a_zygote_that_died_is_replaced(warm):
    """After a zygote died, the next kernel is forked from a new one without a warning."""
    [first] = warm(PARENT)
    os.kill(int(first), signal.SIGKILL)
    [second] = warm(PARENT)
    assert int(second) == zygote_manager._zygote.pid != int(first)
    assert not zygote_manager._warnings


def test_a_running_notebook_of_a_zygote_that_died_fails(warm):
    """A kernel does not outlive its zygote: its notebook fails, and the next notebook runs."""
    with pytest.raises(DeadKernelError):
        warm("import os, signal, time; os.kill(os.getppid(), signal.SIGKILL)", "time.sleep(20)")
    assert warm("1 + 1") == ["2"]


def test_a_zygote_that_does_not_fork_gives_normal_kernels_and_one_warning(warm, monkeypatch, caplog):
    """When the zygote cannot fork, for example for want of processes, kernels are stock ones with one warning."""
    monkeypatch.setattr("warm_kernels.zygote.zygote.BOOT", BOOT.replace("main()", NO_PROCESSES + "main()"))
    for _ in range(2):
        assert warm(PARENT) == [str(os.getpid())]
    assert [record.levelno for record in caplog.records if record.name == "warm_kernels"] == [logging.WARNING]
    assert "Resource temporarily unavailable" in caplog.text


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        ("raise KeyError('broken')", "'preloaded': cannot be imported; KeyError: 'broken'"),
        ("import sys; sys.exit('no')", "'preloaded': cannot be imported; SystemExit: no"),
        ("import threading, time; threading.Thread(target=time.sleep, args=[99], daemon=True).start()", "1 thread"),
        ("import socket; s = socket.socket()", "open descriptors would be shared"),
        ("import tempfile; f = tempfile.TemporaryFile()", "open descriptors would be shared"),
        ("import asyncio; asyncio.set_event_loop(asyncio.new_event_loop())", "open descriptors would be shared"),
        ("import os; os._exit(5)", "ended, or was not ready"),
    ],
)
def test_a_preload_that_is_not_safe_is_refused(warm, monkeypatch, tmp_path, caplog, module, reason):  # noqa: PLR0917
    """An unsafe preload gives stock kernels and a warning with the reason, which is remembered for later kernels."""
    (tmp_path / "preloaded.py").write_text(module)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("WARM_KERNELS_PRELOAD", "preloaded")
    assert warm(PARENT) == [str(os.getpid())]
    assert reason in caplog.text
    zygote = zygote_manager._zygote
    assert zygote.has_refused
    assert warm(PARENT) == [str(os.getpid())]
    assert zygote_manager._zygote is zygote


def test_a_thread_that_starts_after_the_preload_is_refused(warm, monkeypatch, tmp_path, caplog):
    """The zygote counts its threads again before each fork, and refuses to fork once it has one."""
    (tmp_path / "preloaded.py").write_text(
        "import signal, threading, time\n"
        "def start(*_): threading.Thread(target=time.sleep, args=[99], daemon=True).start()\n"
        "signal.signal(signal.SIGUSR1, start)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("WARM_KERNELS_PRELOAD", "preloaded")
    [zygote] = warm(PARENT)
    os.kill(int(zygote), signal.SIGUSR1)
    time.sleep(0.1)
    assert warm(PARENT) == [str(os.getpid())]
    assert "thread" in caplog.text


def test_what_python_reads_at_its_start_replaces_the_zygote(warm, monkeypatch, tmp_path):
    """A changed PYTHONPATH replaces the zygote, because a running Python does not read it again."""
    [first] = warm(PARENT)
    (tmp_path / "only_here.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    [second, _] = warm(PARENT, "import only_here")
    assert first != second
    assert gone(int(first))


def test_off_is_stock(warm, monkeypatch):
    """With WARM_KERNELS=off the kernel is a child of this process, and no zygote starts."""
    monkeypatch.setenv("WARM_KERNELS", "off")
    assert warm(PARENT, shutdown_kernel="immediate") == [str(os.getpid())]
    assert zygote_manager._zygote is None


OWNER = """
import sys
from warm_cells import execute
import warm_kernels
warm_kernels.register()
warm_kernels.start(preload=[], standby=2, wait=True)
execute(f"path = {sys.argv[1]!r}", '''
import os, pathlib, subprocess, time
child = subprocess.Popen(["sleep", "60"])
pathlib.Path(path).write_text(f"{os.getpid()} {os.getppid()} {child.pid}.")
time.sleep(60)''')
"""


@pytest.mark.slow
def test_a_dead_owner_leaves_nothing(tmp_path):
    """When the owner is killed, its zygote, kernels, standby kernels and their children end."""
    pids = tmp_path / "pids"
    path = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[2] / "packages")])
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(pids)], env={**os.environ, "PYTHONPATH": path})
    while not pids.exists() or not pids.read_text().endswith("."):
        assert owner.poll() is None
        time.sleep(0.05)
    kernel, zygote, child = map(int, pids.read_text().strip(".").split())
    everyone = {zygote, child, *(process.pid for process in psutil.Process(zygote).children())}
    assert kernel in everyone
    assert len(everyone) == 4
    owner.kill()
    owner.wait()
    assert gone(*everyone)


def test_a_fork_of_the_owner_is_no_owner(warm):
    """A fork of the owner does not stop the owner's zygote when it ends."""
    [zygote] = warm(PARENT)
    pid = os.fork()
    if pid == 0:
        os._exit(zygote_manager._zygote is not None)
    assert os.waitpid(pid, 0)[1] == 0
    assert warm(PARENT) == [zygote]


def test_two_threads_side_by_side(warm):
    """Two threads that execute notebooks at a time get their own results, from kernels of one zygote."""
    results = {}

    def run(name):
        results[name] = [warm(f"import time, os; time.sleep(0.1); '{name}', os.getppid()")[0] for _ in range(3)]

    threads = [threading.Thread(target=run, args=[name]) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {name: [f"('{name}', {zygote_manager._zygote.pid})"] * 3 for name in ("a", "b")}


def census():
    """Return the number of child processes, descriptors and threads of this process, and its memory in bytes."""
    gc.collect()
    process = psutil.Process()
    return len(process.children(recursive=True)), process.num_fds(), process.num_threads(), process.memory_info().rss


@pytest.mark.slow
def test_many_notebooks_leak_nothing(warm, monkeypatch):
    """Many notebooks leave no process, descriptor or thread behind, and the memory stays flat."""
    monkeypatch.setenv("WARM_KERNELS_STANDBY", "1")

    def run(count):
        for number in range(count):
            assert warm(f"{number} + 1") == [str(number + 1)]
        zygote_manager._standbys[0].wait_until_ready()
        time.sleep(0.2)

    run(10)
    zygote = psutil.Process(zygote_manager._zygote.pid)
    before, zygote_before = census(), (zygote.num_fds(), zygote.num_threads(), zygote.memory_info().rss)
    run(NOTEBOOKS)
    after, zygote_after = census(), (zygote.num_fds(), zygote.num_threads(), zygote.memory_info().rss)
    assert after[:3] == before[:3]
    assert zygote_after[:2] == zygote_before[:2]
    assert after[3] - before[3] < 8_000_000 + 4_000 * NOTEBOOKS
    assert zygote_after[2] - zygote_before[2] < 1_000_000


@pytest.mark.usefixtures("warm")
def test_signals_and_exit_codes_are_those_of_a_stock_kernel():
    """A kernel that is killed, exits, is interrupted or restarted behaves as a stock kernel does."""

    async def codes():
        exit_codes = []
        for action in (signal.SIGKILL, signal.SIGTERM, "import os; os._exit(3)", "exit"):
            manager = WarmKernelManager()
            await manager.start_kernel()
            client = manager.client()
            client.start_channels()
            await client.wait_for_ready(30)
            process = manager.provisioner.process
            if isinstance(action, int):
                await manager.signal_kernel(action)
            elif action == "exit":
                await manager.shutdown_kernel()
            else:
                client.execute(action)
            exit_codes.append(await asyncio.wait_for(process.wait(), 10))
            client.stop_channels()
            await manager.shutdown_kernel(now=True)
        return exit_codes

    async def interrupted():
        manager = WarmKernelManager()
        await manager.start_kernel()
        client = manager.client()
        client.start_channels()
        await client.wait_for_ready(30)
        request = client.execute("import time; time.sleep(60)")
        await asyncio.sleep(0.3)
        await manager.interrupt_kernel()
        reply = await client._async_recv_reply(request, timeout=10)
        await manager.restart_kernel(now=True)
        await client.wait_for_ready(30)
        again = await client._async_recv_reply(client.execute("1"), timeout=10)
        client.stop_channels()
        await manager.shutdown_kernel(now=True)
        return reply["content"]["ename"], again["content"]["status"]

    assert asyncio.run(codes()) == [-signal.SIGKILL, -signal.SIGTERM, 3, 0]
    assert asyncio.run(interrupted()) == ("KeyboardInterrupt", "ok")


@pytest.mark.parametrize("saves", [True, False])
@pytest.mark.parametrize(
    ("cell", "options", "error", "message"),
    [
        ("1 / 0", {}, PapermillExecutionError, "division by zero"),
        ("import os; os._exit(1)", {}, DeadKernelError, "Kernel died"),
        ("import time; time.sleep(30)", {"execution_timeout": 1}, CellTimeoutError, "timed out"),
        ("import time; time.sleep(30)", {"timeout_func": lambda _cell: 1}, CellTimeoutError, "timed out"),
    ],
)
def test_a_failure_leaves_the_notebook_with_the_error_in_it(  # noqa: PLR0917 - a table of cases
    warm, tmp_path, saves, cell, options, error, message
):
    """A failed notebook is saved with the error in its cell, papermill's markers, and later cells pending."""
    path = tmp_path / "executed.ipynb"
    with pytest.raises(error, match=message):
        warm("'before'", cell, "'after'", output_path=str(path), request_save_on_cell_execute=saves, **options)
    executed = nbformat.read(path, as_version=4)
    assert "An Exception was encountered at" in executed.cells[0].source
    code = [cell for cell in executed.cells if cell.cell_type == "code"]
    assert displayed(executed)[0] == "'before'"
    assert message in code[1].outputs[-1].evalue
    assert [cell.metadata.papermill.status for cell in code] == ["completed", "failed", "pending"]
    assert executed.metadata.papermill.exception is True


def test_a_kernel_that_does_not_start_leaves_every_cell_pending(warm, tmp_path):
    """When the kernel does not start, the saved notebook has every cell pending."""
    path = tmp_path / "executed.ipynb"
    with pytest.raises(RuntimeError, match="Kernel died before replying"):
        warm("1", output_path=str(path), extra_arguments=["--IPKernelApp.kernel_class=no.such.Class"])
    executed = nbformat.read(path, as_version=4)
    assert executed.cells[0].metadata.papermill.status == "pending"


@pytest.mark.usefixtures("warm")
def test_results_are_those_of_a_stock_kernel(monkeypatch):
    """Text, tables and plots of forked and standby kernels equal those of a stock kernel byte for byte."""
    monkeypatch.setenv("WARM_KERNELS_PRELOAD", "pandas,matplotlib.pyplot")
    cells = ("import pandas as pd; pd.DataFrame({'a': [1, 2]})", "import matplotlib.pyplot as p; p.plot([1, 2, 4]);")

    def outputs(**options):
        return [[output.get("data") for output in cell.outputs] for cell in execute(*cells, **options).cells]

    stock = outputs(engine_name=None, shutdown_kernel="immediate")
    assert "image/png" in stock[1][0]
    assert outputs() == stock
    warm_kernels.start(standby=1, wait=True)
    standby = zygote_manager._standbys[0].process.pid
    assert outputs() == stock
    assert execute("import os; os.getpid()").cells[0].outputs[0].data["text/plain"] != str(standby)  # used once


def test_pyarrow_can_be_preloaded(warm, monkeypatch, caplog):
    """A preloaded pyarrow is safe: its background thread does not start, and its thread pool works in the kernel."""
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    monkeypatch.setenv("WARM_KERNELS_PRELOAD", "pyarrow,pyarrow.compute,pyarrow.parquet,pandas")
    parent, total, _ = warm(
        PARENT, "import pyarrow as pa; table = pa.table({'a': range(300_000)}); table.to_pandas().a.sum().item()", "1"
    )
    assert parent == str(zygote_manager._zygote.pid)
    assert total == "44999850000"
    assert not caplog.records


def test_blas_threads_are_those_of_a_stock_kernel(warm, monkeypatch):
    """A kernel has as many BLAS threads as a stock kernel, although the zygote has one."""
    monkeypatch.setenv("WARM_KERNELS_PRELOAD", "numpy")
    count = "import os, numpy; a = numpy.ones((400, 400)); (a @ a).sum(); len(os.listdir('/proc/self/task'))"
    many = int(warm(count)[0])
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    assert many - int(warm(count)[0]) == min(len(os.sched_getaffinity(0)), 64) - 1


def test_the_file_shows_the_cell_that_runs_and_all_before_it(warm, tmp_path):
    """While a cell runs, the saved notebook has the outputs of all cells before it."""
    path = tmp_path / "executed.ipynb"
    look = f"import json, time; time.sleep(0.3); cells = json.load(open({str(path)!r}))['cells']"
    found = "print([(c['metadata']['papermill']['status'], len(c['outputs'])) for c in cells])"
    calls = []
    statuses = warm(
        "print('before')", look, found, output_path=str(path), on_cell_complete=lambda **call: calls.append(call)
    )
    assert statuses[2] == "[('completed', 1), ('running', 0), ('pending', 0)]\n"
    assert len(calls) == 3
