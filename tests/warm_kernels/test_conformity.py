"""``warm-fork`` gives the same results as the stock kernel in the suite ``jupyter_kernel_test``."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.notebook, pytest.mark.slow]

SUITE = """
import sys, unittest
import jupyter_kernel_test as suite


class IPython(suite.KernelTests):
    kernel_name = "python3"
    language_name = "python"
    file_extension = ".py"
    code_hello_world = "print('hello, world')"
    code_stderr = "import sys; print('test', file=sys.stderr)"
    completion_samples = [{"text": "zi", "matches": {"zip"}}]
    complete_code_samples = ["1", "print('hello, world')", "def f(x):\\n  return x*2\\n\\n\\n"]
    incomplete_code_samples = ["print('''hello", "def f(x):\\n  x*2"]
    invalid_code_samples = ["import = 7q"]
    code_page_something = "zip?"
    code_generate_error = "raise Exception"
    code_execute_result = [{"code": "6*7", "result": "42"}]
    code_display_data = [
        {"code": "from IPython.display import HTML, display; display(HTML('<b>test</b>'))", "mime": "text/html"},
        {"code": "%matplotlib inline\\nimport matplotlib.pyplot as p\\np.plot([1, 2]);p.show()", "mime": "image/png"},
    ]
    code_history_pattern = "6?7*"
    supported_history_operations = ("tail", "search")
    code_inspect_sample = "zip"
    code_clear_output = "from IPython.display import clear_output; clear_output()"


result = unittest.TextTestRunner(stream=sys.stderr).run(unittest.defaultTestLoader.loadTestsFromTestCase(IPython))
bad = {test.id(): kind for kind in ("failures", "errors", "skipped") for test, _ in getattr(result, kind)}
print(__import__("json").dumps([result.testsRun, bad]))
"""


def started(provisioner, caches):
    """Start the suite with a provisioner and its own cache: jedi sometimes fails when two processes fill one."""
    return subprocess.Popen(
        [sys.executable, "-c", SUITE],
        env={
            **os.environ,
            "JUPYTER_DEFAULT_PROVISIONER_NAME": provisioner,
            "WARM_KERNELS": "on",
            "XDG_CACHE_HOME": str(caches),
        },
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_suite_has_one_result_for_both(tmp_path):
    """The suite passes with stock and forked kernels alike, and skips the same tests."""
    pytest.importorskip("jupyter_kernel_test", reason="jupyter_kernel_test is not installed")
    # side by side: they mostly wait
    suites = [started(provisioner, tmp_path / provisioner) for provisioner in ("local-provisioner", "warm-fork")]
    (stock, _), (warm, messages) = (suite.communicate(timeout=120) for suite in suites)
    count, bad = json.loads(stock.splitlines()[-1])
    assert count > 10
    assert set(bad.values()) <= {"skipped"}  # ranges of history: this kernel keeps none of earlier sessions
    assert json.loads(warm.splitlines()[-1]) == [count, bad]
    assert "kernels start the normal, slow way" not in messages
