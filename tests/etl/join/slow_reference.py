"""The contract once more, in plain Python, as slow and as clear as can be: what the pipeline must agree with."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


@dataclass
class Expected:
    """What a run gives: history and quarantine as bytes, and its counts."""

    history: bytes
    quarantine: list[tuple[int, str]]
    rows: Counter = field(default_factory=Counter)
    extra_fields: set[str] = field(default_factory=set)


def expected(records, devices, run_date):
    """Return what becomes of records, which are JSON texts, and devices, which are (user_id, device_id, type)."""
    rows = Counter(read=len(records))
    lines, quarantine, seen, extra_fields = [], [], set(), set()
    for index, text in enumerate(records):
        fault, record = fault_of(text, run_date)
        if fault:
            rows["quarantined"] += 1
            quarantine.append((index, fault, text[:200]))
            continue
        rows["valid"] += 1
        extra_fields |= set(record) - {"device_id", "timestamp", "power"}
        event = (record["device_id"], str(record["timestamp"]), record["power"])
        rows["duplicates"] += event in seen
        seen.add(event)
        owners = sorted((user, kind) for user, device, kind in devices if device == event[0])
        rows["matched" if owners else "unmatched"] += 1
        rows["fanned_out_extra"] += max(len(owners) - 1, 0)
        lines += [[*event, user, kind] for user, kind in owners or [("", "")]]
    rows["written"] = len(lines)
    text = "".join(",".join(map(cell, line)) + "\n" for line in lines)
    return Expected(("device_id,timestamp,power,user_id,type\n" + text).encode(), quarantine, rows, extra_fields)


def fault_of(text, run_date):
    """Return the field at fault, if there is one, and the record."""
    repeated = []

    def pairs_of(pairs):
        if len({key for key, _ in pairs}) < len(pairs):
            repeated.append(pairs)
        return dict(pairs)

    record = json.loads(text, object_pairs_hook=pairs_of)
    if not isinstance(record, dict) or (repeated and dict(repeated[-1]) == record and is_repeated(text)):
        return "record", record
    latest = datetime.fromisoformat(run_date).replace(tzinfo=UTC) + timedelta(days=2)
    for name, holds in {
        "device_id": lambda value: (
            isinstance(value, str)
            and value.strip() != ""
            and len(value) <= 256
            and not any(char == "\0" or "\ud800" <= char <= "\udfff" for char in value)
        ),
        "timestamp": lambda value: (
            type(value) in (str, int)
            and re.fullmatch("[0-9]{1,10}", str(value)) is not None
            and 946684800 <= int(value) <= latest.timestamp()
        ),
        "power": lambda value: value in ("on", "off"),
    }.items():
        if name not in record or not holds(record[name]):
            return name, record
    return None, record


def is_repeated(text):
    """Tell whether a JSON object's own keys, not those of what it holds, repeat."""
    pairs = json.loads(text, object_pairs_hook=list)
    keys = [key for key, _ in pairs]
    return len(set(keys)) < len(keys)


def cell(text):
    """Return a CSV cell that no spreadsheet runs."""
    text = text or ""
    if text[:1] in ("=", "+", "-", "@", "\t", "\r") and text:
        text = "'" + text
    return '"' + text.replace('"', '""') + '"' if re.search('[,"\r\n]', text) else text
