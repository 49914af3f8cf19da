"""Measure contenders in fresh processes, in turn, so that whatever else the machine does meets all of them alike."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Measured:
    """Medians of one contender: CPU and wall seconds of its work alone, CPU of the whole process, its peak memory."""

    cpu: float
    wall: float
    cpu_with_imports: float
    peak_mib: float
    said: str


def in_turn(script: Path, contenders: Sequence[str], arguments: Sequence[str], *, rounds: int) -> dict[str, Measured]:
    """Run each contender `rounds` times, one after the other in each round, and return the medians."""
    runs: dict[str, list[Measured]] = {name: [] for name in contenders}
    for _round in range(rounds):
        for name in contenders:
            runs[name].append(_once([sys.executable, str(script), "--one", name, *arguments]))
    return {name: _median(measured) for name, measured in runs.items()}


def report(work: Callable[[], str], *, prepare: Callable[[], object] = lambda: None) -> None:
    """Do the work of one contender and say what it cost; called in the process of its own."""
    prepare()
    cpu, wall = time.process_time(), time.perf_counter()
    said = work()
    figures = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
    print(json.dumps({**figures, "peak_kib": _peak_kib(), "said": said}))


def print_table(title: str, measured: dict[str, Measured], *, against: str) -> None:
    """Print a row per contender, with the ratio of its CPU to that of the pipeline."""
    base = measured[against]
    print(f"\n{title}")
    print(f"{'':<26}{'CPU s':>9}{'ratio':>8}{'wall s':>9}{'CPU s, imports':>16}{'ratio':>8}{'peak MiB':>10}")
    for name, one in measured.items():
        print(
            f"{name:<26}{one.cpu:>9.3f}{one.cpu / base.cpu:>8.2f}{one.wall:>9.3f}{one.cpu_with_imports:>16.3f}"
            f"{one.cpu_with_imports / base.cpu_with_imports:>8.2f}{one.peak_mib:>10.0f}"
        )
    sys.stdout.flush()


def _peak_kib() -> int:
    """Return this process's peak memory; what wait4 tells also counts the parent's, from before exec."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0])


def _once(command: list[str]) -> Measured:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as process:
        printed = process.stdout.read() if process.stdout else ""
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}")
    said = json.loads(printed.splitlines()[-1])
    return Measured(said["cpu"], said["wall"], usage.ru_utime + usage.ru_stime, said["peak_kib"] / 1024, said["said"])


def _median(runs: list[Measured]) -> Measured:
    figures = [statistics.median(getattr(run, name) for run in runs) for name in ("cpu", "wall", "cpu_with_imports")]
    return Measured(*figures, statistics.median(run.peak_mib for run in runs), runs[0].said)
