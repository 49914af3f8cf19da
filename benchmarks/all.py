"""Run the benchmarks: a quick choice of sizes, or all of them with ``--size full``."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
QUICK = [
    ("join_file.py", "--events 10000 --devices 1000 --rounds 5"),
    ("join_file.py", "--events 200000 --devices 20000 --rounds 5"),
    ("device_table.py", "--items 5000 --rounds 3"),
    ("device_usage.py", "--events 200000 --devices 2000 --rounds 3"),
    ("bench_warm_kernels.py", ""),
]
FULL = [
    ("join_file.py", "--events 10000 --devices 1000 --rounds 9"),
    ("join_file.py", "--events 10000 --devices 1000 --rounds 9 --warm"),
    ("join_file.py", "--events 1000000 --devices 1000"),
    ("join_file.py", "--events 1000000 --devices 100000"),
    ("join_file.py", "--events 1000000 --devices 100000 --gzip"),
    ("join_file.py", "--events 1000000 --devices 100000 --bad 0.01"),
    ("join_file.py", "--events 10000000 --devices 100000"),
    ("device_table.py", "--items 100000"),
    ("device_usage.py", "--events 3000000 --devices 100"),
    ("device_usage.py", "--events 1000000 --devices 10000"),
    ("bench_warm_kernels.py", ""),
    ("warm_kernels_in_sandbox.py", ""),
]


def main() -> int:
    """Run one benchmark after the other; end with the first that fails."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", choices=["quick", "full"], default="quick")
    for script, options in FULL if parser.parse_args().size == "full" else QUICK:
        status = subprocess.run([sys.executable, str(FOLDER / script), *options.split()], check=False).returncode
        if status:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
