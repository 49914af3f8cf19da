"""Tests of finding and killing the processes of functions."""

import os
import subprocess
import time
import uuid

import psutil

from local_aws.processes import ID_VARIABLE, find_processes, kill_processes

_SLEEP = ["sleep", "60"]


def test_only_processes_with_the_id_are_found_and_killed() -> None:
    """Finds and kills processes by their owner's id or by the whole id."""
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


def test_descendants_without_the_id_are_killed() -> None:
    """Kills the descendants of a living root process."""
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
