"""Nothing that a notebook changes reaches the next one."""

import pytest
from warm_cells import displayed, execute

from warm_kernels.zygote.zygote_manager import zygote_manager

pytestmark = pytest.mark.notebook

# what the first notebook does, and what the second one shows of it
TRIES = {
    "globals": ("leak = 1; __builtins__.leak2 = 1", "'leak' in globals(), 'leak2' in dir(__builtins__)"),
    "modules": (
        "import sys, types, csv; sys.modules['leaked'] = types.ModuleType('leaked'); csv.writer = None",
        "import sys, csv; 'leaked' in sys.modules, csv.writer is None",
    ),
    "path": ("import sys; sys.path.append('/leaked')", "import sys; '/leaked' in sys.path"),
    "environment": ("import os; os.environ['LEAKED'] = '1'", "import os; os.environ.get('LEAKED')"),
    "folder": ("import os; os.chdir('/')", "import os; os.getcwd() == '/'"),
    "mask": ("import os; os.umask(0o77)", "import os; os.umask(0o22) == 0o77"),
    "seed": ("import random; random.seed(1)", "import random; random.random() == 0.13436424411240122"),
    "files": (
        "import os; f = open('/dev/null'); d = os.open('/dev/zero', os.O_RDONLY)",
        "import os, glob; [p for p in glob.glob('/proc/self/fd/*') if os.path.realpath(p) == '/dev/zero']",
    ),
    "options": (
        "import pandas; pandas.set_option('display.max_rows', 7)",
        "from pandas import get_option as o; o('display.max_rows'), o('display.max_columns'), o('display.width')",
    ),
    "numpy": ("import numpy; numpy.random.seed(1)", "import numpy; float(numpy.random.rand()) == 0.417022004702574"),
    "figures": (
        "import matplotlib.pyplot as p; p.figure(); p.rcParams['lines.linewidth'] = 9; p.style.use('ggplot')",
        "import matplotlib.pyplot as p; p.get_fignums(), p.rcParams['lines.linewidth']",
    ),
    "signals": (
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.alarm(100)",
        "import signal; signal.getsignal(signal.SIGTERM).name, signal.alarm(0)",
    ),
    "threads": (
        "import threading, time; threading.Thread(target=time.sleep, args=(1,), name='leaked').start()",
        "import threading; 'leaked' in [t.name for t in threading.enumerate()]",
    ),
    "warnings": (
        "import warnings; warnings.simplefilter('error', BytesWarning)",
        "import warnings; warnings.filters[0][0] == 'error'",
    ),
    "locale": ("import decimal; decimal.getcontext().prec = 3", "import decimal; decimal.getcontext().prec"),
    "logging": ("import logging; logging.getLogger().setLevel(1)", "import logging; logging.getLogger().level == 1"),
    "hooks": (
        "import atexit, sys; sys.excepthook = print; atexit.register(print)",
        "import sys; sys.excepthook is print",
    ),
    "limits": ("import sys; sys.setrecursionlimit(77777)", "import sys; sys.getrecursionlimit() == 77777"),
    "history": ("41 + 1", "_ , _ih[1:2] == ['41 + 1']"),
}


@pytest.fixture(scope="module")
def fresh():
    """Return what the second notebook displays in a stock kernel, which no notebook preceded."""
    return displayed(execute(*(second for _, second in TRIES.values()), engine_name=None, shutdown_kernel="immediate"))


@pytest.mark.parametrize("standby", [0, 1])
def test_a_notebook_cannot_reach_the_next_one(warm, monkeypatch, fresh, standby):
    """A notebook that changes globals, modules, environment, files or options changes nothing for the next notebook."""
    monkeypatch.setenv("WARM_KERNELS_PRELOAD", "csv,pandas,matplotlib.pyplot")
    monkeypatch.setenv("WARM_KERNELS_STANDBY", str(standby))
    for _ in range(1 + standby):
        warm(*(first for first, _ in TRIES.values()))
    second = warm(*(second for _, second in TRIES.values()))
    assert zygote_manager._zygote.is_alive
    assert not zygote_manager._warnings
    assert dict(zip(TRIES, second, strict=True)) == dict(zip(TRIES, fresh, strict=True))


@pytest.mark.parametrize("standby", [0, 1])
def test_random_state_differs_from_run_to_run(warm, monkeypatch, standby):
    """Random numbers differ from kernel to kernel, and are the same in each kernel that sets the same seed."""
    monkeypatch.setenv("WARM_KERNELS_PRELOAD", "numpy.random")
    monkeypatch.setenv("WARM_KERNELS_STANDBY", str(standby))
    free = "import random, numpy, uuid; random.random(), numpy.random.rand(), numpy.random.default_rng().random()"
    seeded = "random.seed(1); numpy.random.seed(1); random.random(), numpy.random.rand()"
    runs = [warm(free, seeded, "str(uuid.uuid4())") for _ in range(3)]
    numbers = [number for free_numbers, _, _ in runs for number in free_numbers.strip("()").split(",")]
    assert len(set(numbers)) == len(numbers) == 9
    assert len({seeded_numbers for _, seeded_numbers, _ in runs}) == 1
    assert len({identifier for _, _, identifier in runs}) == 3


def test_a_kernel_sees_the_owner_as_it_is_now(warm, monkeypatch, tmp_path):
    """A kernel has the environment and folder that the owner has at the kernel's start, not at the zygote's."""
    look = "import os, time; print(os.environ.get('NOW'), os.getcwd(), time.tzname[0])"
    monkeypatch.setenv("TZ", "UTC")
    first = warm(look)
    monkeypatch.setenv("NOW", "later")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.chdir(tmp_path)
    assert warm(look) == [f"later {tmp_path} JST\n"] != first


def test_a_kernel_is_what_a_stock_kernel_is(warm, monkeypatch):
    """A forked kernel has the path, arguments, modules, signals, threads and streams of a stock kernel."""
    monkeypatch.setenv("WARM_KERNELS_PRELOAD", "numpy")
    cells = [
        "import sys, os, signal, threading, json, gc; sys.path, sys.argv[0], sys.flags, sys.executable",
        "sorted(k for k in os.environ if k not in ('PYTEST_CURRENT_TEST',)), os.environ['JPY_PARENT_PID']",
        "[signal.getsignal(s) for s in (signal.SIGINT, signal.SIGCHLD, signal.SIGTERM, signal.SIGPIPE)]",
        "sorted(t.name.rstrip('0123456789') for t in threading.enumerate()), gc.isenabled(), gc.get_threshold()",
        "os.getpgrp() == os.getpid() == os.getsid(0), os.read(0, 1), sys.modules['__main__'].__name__",
        "import numpy; a = numpy.ones((300, 300)); (a @ a).sum(); len(os.listdir('/proc/self/task'))",
        "sorted(name for name in dir() if not name.startswith('_'))",
    ]
    stock = displayed(execute(*cells, engine_name=None, shutdown_kernel="immediate"))
    for warm_answer, stock_answer in zip(warm(*cells), stock, strict=True):
        assert warm_answer == stock_answer
