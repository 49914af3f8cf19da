"""Tests of finding and ending marked processes."""

import os
import subprocess
import time
import uuid

import psutil

from local_aws.processes import ID_VARIABLE, find_processes, kill_processes

_SLEEP = ["sleep", "60"]


def test_only_find_processes_are_found_and_ended() -> None:
    """By their owner's part of the mark or by all of it."""
    owner = uuid.uuid4().hex
    started = {
        name: subprocess.Popen(_SLEEP, env={**os.environ, ID_VARIABLE: identity}, start_new_session=True)
        for name, identity in {"one": f"{owner}/1", "two": f"{owner}/2", "other": "somebody/1"}.items()
    }
    while len(find_processes(f"{owner}/")) < 2:
        time.sleep(0.01)
    try:
        assert [process.pid for process in find_processes(f"{owner}/1")] == [started["one"].pid]
        kill_processes(f"{owner}/1")
        assert [process.pid for process in find_processes(f"{owner}/")] == [started["two"].pid]
        kill_processes(f"{owner}/")
        assert find_processes(f"{owner}/") == []
        assert started["other"].poll() is None
    finally:
        for process in started.values():
            process.kill()
            process.wait()


def test_descendants_without_a_mark_are_ended() -> None:
    """Those of the root that is given, while it still lives."""
    root = subprocess.Popen(["sh", "-c", "env -i sleep 61 & wait"])
    try:
        tree = psutil.Process(root.pid)
        while not (children := tree.children(recursive=True)):
            time.sleep(0.01)
        kill_processes(uuid.uuid4().hex, tree)
        assert root.wait(5) == -9
        assert not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children)
    finally:
        root.kill()
