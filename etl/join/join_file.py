"""Join a raw file of any size with the device master, a piece at a time, and prove that no row was lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields

import pandas as pd
import pyarrow as pa

from etl.contract.columns import HISTORY_COLUMNS
from etl.contract.history_csv import header
from etl.contract.quarantine import Quarantined, quarantine_lines, require_few_quarantined
from etl.contract.row_counts import RowCounts
from etl.join.csv_lines import to_lines
from etl.join.duplicates import DuplicateCounter
from etl.join.event_hash import event_numbers
from etl.join.owners import Owners, join_devices
from etl.join.reconciliation import RowCounter
from etl.join.record_reader import read_events
from etl.join.unmatched_devices import UnmatchedDevices
from etl.raw.raw_file import PIECE_BYTES

N_SHOWN = 10
_NO_ROWS = pa.schema([(name, pa.large_string()) for name in HISTORY_COLUMNS]).empty_table()

Write = Callable[[bytes], object]


@dataclass(frozen=True)
class JoinedFile:
    """The summary of a joined file.

    Attributes
    ----------
    rows
        The counts, which satisfy both identities.
    first_rows, first_quarantined
        The first ten rows of the history, and the first ten records in quarantine.
    unmatched
        One row per device without owner, as `etl.join.unmatched_devices.UnmatchedDevices.table` lists them.
    extra_fields
        Names of fields that the contract does not know (schema drift), sorted; they were dropped.
    """

    rows: RowCounts
    first_rows: pd.DataFrame
    first_quarantined: pd.DataFrame
    unmatched: pd.DataFrame
    extra_fields: list[str]


def join_file(
    blocks: Iterable[bytes],
    devices: pd.DataFrame | Owners,
    *,
    history: Write,
    quarantine: Write,
    source: str,
    run_date: str,
    max_quarantine: float,
    csv_encoding: str = "utf-8",
    piece_bytes: int = PIECE_BYTES,
) -> JoinedFile:
    r"""Read a raw file, check each record against the contract, join the events, and write history and quarantine.

    Discard the written bytes if this raises: it proves the identities last.

    Parameters
    ----------
    blocks, source, run_date, piece_bytes
        As `etl.join.record_reader.read_events` takes them.
    devices
        One row per owner and device, as `etl.join.owners.join_devices` takes it.
    history, quarantine
        Called with bytes of ``history.csv`` and ``quarantine.jsonl``, in order.
    max_quarantine
        Largest allowed share of quarantined records, 0 to 1.
    csv_encoding
        ``utf-8``, or ``utf-8-sig``.

    Raises
    ------
    RawFileError
        The file is not what the contract allows.
    TooManyQuarantinedError
        A larger share of its records broke the contract.
    ReconciliationError
        An identity does not hold.

    Examples
    --------
    >>> raw = b'{"data": [{"device_id": "a", "timestamp": "1616506124", "power": "on"}]}'
    >>> devices = pd.DataFrame({"user_id": ["u1"], "device_id": ["a"], "type": ["TV"]})
    >>> parts = []
    >>> joined = join_file([raw], devices, history=parts.append, quarantine=parts.append, source="a.json",
    ...                    run_date="2021-03-23", max_quarantine=0.05)
    >>> b"".join(parts)
    b'device_id,timestamp,power,user_id,type\na,1616506124,on,u1,TV\n'
    >>> joined.rows.matched
    1
    """
    owners = devices if isinstance(devices, Owners) else Owners(devices)
    counter, unmatched = RowCounter(owners), UnmatchedDevices(owners)
    first_rows, first_quarantined, extra_fields = _NO_ROWS, list[Quarantined](), set[str]()
    history(header(encoding=csv_encoding))
    with DuplicateCounter() as duplicates:
        for piece in read_events(blocks, source=source, run_date=run_date, piece_bytes=piece_bytes):
            rows = join_devices(piece.events, owners)
            history(to_lines(rows))
            if piece.quarantined:
                quarantine(quarantine_lines(piece.quarantined))
            counter.add(piece.events, rows, n_read=piece.n_read, n_quarantined=len(piece.quarantined))
            unmatched.add(piece.events["device_id"])
            duplicates.add(event_numbers(piece.events, owners))
            first_rows = _extended(first_rows, rows)
            first_quarantined += piece.quarantined[: N_SHOWN - len(first_quarantined)]
            extra_fields |= piece.extra_fields
        counts = counter.rows(n_duplicates=duplicates.count())
    require_few_quarantined(
        n_read=counts.read,
        n_quarantined=counts.quarantined,
        examples=first_quarantined,
        max_quarantine=max_quarantine,
        source=source,
    )
    counts.prove()
    return JoinedFile(
        rows=counts,
        first_rows=first_rows.to_pandas(use_threads=False),
        first_quarantined=pd.DataFrame(first_quarantined, columns=[column.name for column in fields(Quarantined)]),
        unmatched=unmatched.table(),
        extra_fields=sorted(extra_fields),
    )


def _extended(first_rows: pa.Table, rows: pa.Table) -> pa.Table:
    """Fill the first rows up with those of a piece."""
    n_missing = min(N_SHOWN - len(first_rows), len(rows))
    # a slice would keep the whole piece in memory
    return pa.concat_tables([first_rows, rows.take(list(range(n_missing)))]) if n_missing else first_rows
