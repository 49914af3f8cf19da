"""The join of a raw file, against what a user would pick instead: same file, same rows, in turn.

``python benchmarks/join_file.py --events 1000000 --devices 100000 [--gzip] [--bad 0.01] [--warm]``
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import random
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from measure import in_turn, print_table, report

RUN_DATE = "2021-03-23"
FIRST_SECOND = 1616425200
BAD_RECORDS = ('{"device_id": "", "timestamp": "1", "power": "on"}', '{"power": "on"}', "null")
COLUMNS = ("device_id", "timestamp", "power", "user_id", "type")
WARM_UPS = 3
CONTENDERS = ("pipeline", "naive", "polars", "duckdb", "copy")


def make(folder: Path, *, n_events: int, n_devices: int, share_bad: float, is_packed: bool) -> tuple[Path, Path]:
    """Make a raw file and a devices file; one event in a hundred is of an unknown device."""
    rng = random.Random(1)  # noqa: S311 - no secret
    raw = folder / ("raw.json.gz" if is_packed else "raw.json")
    with gzip.open(raw, "wt") if is_packed else raw.open("w") as file:
        file.write('{"data": [')
        for number in range(n_events):
            comma = ", " if number else ""
            if rng.random() < share_bad:
                file.write(comma + rng.choice(BAD_RECORDS))
                continue
            device, power = rng.randrange(int(n_devices * 1.01)), rng.choice(("on", "off"))
            second = FIRST_SECOND + number * 86400 // n_events
            file.write(f'{comma}{{"device_id": "device_{device:08}", "timestamp": "{second}", "power": "{power}"}}')
        file.write("]}")
    devices = folder / "devices.json"
    rows = [(f"user_{number // 2:06}", f"device_{number:08}", "TV") for number in range(n_devices)]
    devices.write_text(json.dumps(rows), encoding="utf-8")
    return raw, devices


def pipeline(raw: Path, devices: list[list[str]], out: Path) -> Callable[[], str]:
    """Return this project's join, with every check of the contract."""
    import pandas as pd

    from etl.join import join_file

    master = pd.DataFrame(devices, columns=["user_id", "device_id", "type"], dtype="str")

    def work() -> str:
        sha256 = hashlib.sha256()
        with raw.open("rb") as file, out.open("wb") as history, (out.parent / "quarantine").open("wb") as quarantine:

            def write(lines: bytes) -> None:
                sha256.update(lines)  # the manifest names it
                history.write(lines)

            joined = join_file(
                iter(lambda: file.read(1 << 20), b""),
                master,
                history=write,
                quarantine=quarantine.write,
                source=raw.name,
                run_date=RUN_DATE,
                max_quarantine=0.05,
            )
        return json.dumps(joined.rows.to_dict())

    return work


def naive(raw: Path, devices: list[list[str]], out: Path) -> Callable[[], str]:
    """Return the join that one writes first: the json module, and merge of pandas."""
    import pandas as pd

    master = pd.DataFrame(devices, columns=["user_id", "device_id", "type"])

    def work() -> str:
        events = pd.DataFrame(json.loads(_plain(raw))["data"])
        events.merge(master, on="device_id", how="left")[list(COLUMNS)].to_csv(out, index=False)
        return ""

    return work


def polars(raw: Path, devices: list[list[str]], out: Path) -> Callable[[], str]:
    """Return the best expression found: a schema for the document, explode, join, sink."""
    import polars as pl

    master = pl.DataFrame(devices, schema=["user_id", "device_id", "type"], orient="row")
    event = pl.Struct(dict.fromkeys(COLUMNS[:3], pl.String))

    def work() -> str:
        document = pl.read_json(_plain(raw), schema={"data": pl.List(event)})
        events = document.lazy().explode("data").unnest("data")
        joined = events.join(master.lazy(), on="device_id", how="left", maintain_order="left").select(COLUMNS)
        joined.collect().write_csv(out)
        return ""

    return work


def duckdb(raw: Path, devices: list[list[str]], out: Path) -> Callable[[], str]:
    """Return the best statement found: the prefix blanked, so that the document is an array, with its columns named."""
    import duckdb as db
    import pyarrow as pa

    connection = db.connect()
    master = pa.table(list(map(pa.array, zip(*devices, strict=True))), names=["user_id", "device_id", "type"])
    connection.register("devices", master)
    connection.execute("CREATE TABLE master AS SELECT * FROM devices")

    def work() -> str:
        text = bytearray(_plain(raw))
        begin, end = text.index(b"["), text.rindex(b"]") + 1
        text[:begin], text[end:] = b" " * begin, b" " * (len(text) - end)
        array = out.parent / "array.json"
        array.write_bytes(text)
        columns = "{device_id: 'VARCHAR', timestamp: 'VARCHAR', power: 'VARCHAR'}"
        connection.execute(
            f"COPY (SELECT e.device_id, e.timestamp, e.power, m.user_id, m.type "  # noqa: S608 - our own paths
            f"FROM read_json('{array}', format = 'array', columns = {columns}) e "
            f"LEFT JOIN master m ON e.device_id = m.device_id) TO '{out}' (FORMAT csv, HEADER)"
        )
        return ""

    return work


def copy(raw: Path, _devices: list[list[str]], out: Path) -> Callable[[], str]:
    """Return the limit: the file's bytes, copied."""
    return lambda: str(shutil.copyfile(raw, out))


def _plain(raw: Path) -> bytes:
    return gzip.decompress(raw.read_bytes()) if raw.suffix == ".gz" else raw.read_bytes()


def check_same_rows(script_folder: Path, names: list[str], raw: Path, devices: list[list[str]]) -> None:
    """Fail unless the contenders give the same rows; duckdb may give them in another order."""
    sums = {}
    for name in names:
        out = script_folder / f"{name}.csv"
        globals()[name](raw, devices, out)()
        sums[name] = sum(hash(line) for line in out.read_bytes().splitlines()) & (1 << 64) - 1
    if len(set(sums.values())) != 1:
        raise SystemExit(f"the contenders do not give the same rows: {sums}")


def main() -> int:
    """Make a file, run the contenders on it in turn, print a table; or run one of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--devices", type=int, default=20_000)
    parser.add_argument("--bad", type=float, default=0.0, help="share of bad records; then only the pipeline runs")
    parser.add_argument("--gzip", action="store_true")
    parser.add_argument("--warm", action="store_true", help="measure in a process that has done the work before")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=CONTENDERS)
    parser.add_argument("--one", choices=CONTENDERS, help=argparse.SUPPRESS)
    parser.add_argument("--raw", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        devices = json.loads((options.raw.parent / "devices.json").read_text(encoding="utf-8"))
        work = globals()[options.one](options.raw, devices, options.raw.parent / "out.csv")
        report(work, prepare=lambda: [work() for _ in range(WARM_UPS * options.warm)])
        return 0
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        raw, devices_file = make(
            Path(folder),
            n_events=options.events,
            n_devices=options.devices,
            share_bad=options.bad,
            is_packed=options.gzip,
        )
        names = ["pipeline", "copy"] if options.bad else [name for name in CONTENDERS if name in options.only]
        if not options.bad and options.events <= 1_000_000:  # noqa: PLR2004 - beyond, it takes too long
            devices = json.loads(devices_file.read_text(encoding="utf-8"))
            check_same_rows(Path(folder), [name for name in names if name != "copy"], raw, devices)
        measured = in_turn(
            Path(__file__), names, ["--raw", str(raw), *["--warm"] * options.warm], rounds=options.rounds
        )
        size = raw.stat().st_size / 1e6
    bad = f", {options.bad:.0%} bad" if options.bad else ""
    warm = ", warm process" if options.warm else ""
    title = f"{options.events:,} events, {options.devices:,} devices, {size:.0f} MB{' gzip' * options.gzip}{bad}{warm}"
    print_table(f"{title}; medians of {options.rounds}", measured, against="pipeline")
    print(f"rows: {measured['pipeline'].said}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
