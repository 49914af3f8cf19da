"""Tests of watching the memory of a process and its children."""

import subprocess
import sys
import threading
import time

import pytest

from local_aws.functions.memory_watch import MemoryWatch, proportional_bytes, resident_bytes, tree

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it reads Linux's /proc")
_HOLD = "import os, sys, time; x = bytearray(b'x') * (int(sys.argv[1]) << 20); os.write(1, b'ready\\n'); time.sleep(60)"
_FORK = _HOLD.replace("os.write", "[os.fork() and 0 for _ in range(2)]; os.write")
_MIB = 1 << 20


def start(code: str, mb: int) -> "subprocess.Popen[str]":
    """Start a process and wait until it has its memory."""
    process = subprocess.Popen([sys.executable, "-c", code, str(mb)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def kill_all(process: "subprocess.Popen[str]") -> None:
    """End a process and its descendants."""
    subprocess.run(["kill", "-9", *map(str, tree(process.pid))], check=True)
    process.communicate()


def test_what_forked_processes_share_counts_once() -> None:
    """Counts pages that forked processes share once, while their resident memory counts them four times."""
    process, exceeded = start(_FORK, 50), threading.Event()
    watch = MemoryWatch(process.pid, 150 * _MIB, exceeded.set)
    try:
        deadline = time.monotonic() + 5
        while len(tree(process.pid)) < 4:
            assert time.monotonic() < deadline
        assert sum(map(resident_bytes, tree(process.pid))) > 200 * _MIB
        assert sum(map(proportional_bytes, tree(process.pid))) < 100 * _MIB
        assert not exceeded.wait(0.3)
    finally:
        watch.stop()
        kill_all(process)


def test_excess_is_reported() -> None:
    """Reports excess within two seconds, with the peak."""
    process, exceeded = start(_HOLD, 50), threading.Event()
    watch = MemoryWatch(process.pid, 40 * _MIB, exceeded.set)
    try:
        assert exceeded.wait(2)
        assert 50 * _MIB < watch.peak_bytes < 90 * _MIB
    finally:
        kill_all(process)


def test_memory_within_the_limit_is_not_reported() -> None:
    """Measures the peak without reporting it, and measures 0 for an ended process."""
    process, exceeded = start(_HOLD, 50), threading.Event()
    watch = MemoryWatch(process.pid, 100 * _MIB, exceeded.set)
    try:
        assert not exceeded.wait(0.3)
        assert 50 * _MIB < watch.peak_bytes < 90 * _MIB
    finally:
        watch.stop()
        kill_all(process)
    assert resident_bytes(process.pid) == proportional_bytes(process.pid) == 0
    assert tree(process.pid) == [process.pid]
