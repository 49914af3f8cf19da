"""Files of broken, hurried or hostile senders either fail with the place of the fault, or are read and counted."""

import gzip
import json
import random

import pandas as pd
import pytest

from etl.errors import RawFileError
from etl.join.join_file import join_file

A = b'{"device_id": "a", "timestamp": "1616506124", "power": "on"}'
B = b'{"device_id": "b", "timestamp": "1616506125", "power": "off"}'
DEVICES = pd.DataFrame(
    [("u1", "a", "TV"), ("u2", "a", "TV"), ("u1", "=a", "TV")], columns=["user_id", "device_id", "type"], dtype="str"
)


def doc(*records):
    """Return a document of records."""
    return b'{"data": [' + b", ".join(records) + b"]}"


def rec(**fields):
    """Return a record with other fields than `A`."""
    return json.dumps(json.loads(A) | fields).encode()


def run(raw, piece_bytes):
    """Run the pipeline on bytes."""
    history, quarantine = [], []
    joined = join_file(
        [raw[at : at + piece_bytes] for at in range(0, len(raw), piece_bytes)],
        DEVICES,
        history=history.append,
        quarantine=quarantine.append,
        source="f.json",
        run_date="2021-03-23",
        max_quarantine=1,
        piece_bytes=piece_bytes,
    )
    return joined, b"".join(history), [json.loads(line) for line in b"".join(quarantine).splitlines()]


MANY = b", ".join([A, B] * 5000)
REFUSED = {
    "nothing": (b"", "the file is empty"),
    "blanks": (b" \r\n\t", "the file is empty"),
    "a byte order mark": (b"\xef\xbb\xbf", "the file is empty"),
    "a NUL": (b"\0", "byte 0: not valid JSON"),
    "gzip of nothing": (gzip.compress(b""), "the file is empty"),
    "a top-level list": (b"[%s]" % A, "starts with a list"),
    "a string": (b'"data"', "starts with a string"),
    "a number": (b"12", "starts with a number"),
    "HTML": (b"<html><body>503 Service Unavailable</body></html>", "byte 0: not valid JSON"),
    "CSV": (b"device_id,timestamp,power\na,1616506124,on\n", "byte 0: not valid JSON"),
    "a zip archive": (b"PK\x03\x04" + bytes(range(256)), "not valid"),
    "UTF-16": (doc(A).decode().encode("utf-16"), "UTF-16"),
    "UTF-16 without a mark": (doc(A).decode().encode("utf-16-le"), "not valid JSON"),
    "Shift JIS": ('{"data": [{"device_id": "エアコン"}]}'.encode("shift_jis"), "byte 25: not valid UTF-8"),
    "Latin 1": ('{"data": [{"device_id": "caf\xe9"}]}'.encode("latin-1"), "byte 28: not valid UTF-8"),
    "overlong UTF-8": (doc(A.replace(b'"a"', b'"\xc0\xaf"')), "byte 25: not valid UTF-8"),
    "surrogates in UTF-8": (doc(A.replace(b'"a"', b'"\xed\xa0\x80"')), "byte 25: not valid UTF-8"),
    "cut in a record": (doc(A, B)[:90], "cut short"),
    "cut after a record": (doc(A, B)[:70], "cut short"),
    "cut after a comma": (doc(A, B)[:71], "cut short"),
    "cut after the list": (doc(A, B)[:-1], "cut short"),
    "cut in the key": (b'{"dat', "cut short"),
    "cut in a character": ('{"data": [{"device_id": "エ'.encode()[:-1], "not valid UTF-8"),
    "cut in the tail": (doc(A)[:-1] + b', "n": {"a": 1}', "cut short"),
    "gzip that is cut": (gzip.compress(doc(A))[:-9], "gzip data is damaged or cut short"),
    "gzip with a flipped bit": (
        gzip.compress(doc(A))[:-6] + b"\0" + gzip.compress(doc(A))[-5:],
        "gzip data is damaged",
    ),
    "text after gzip": (gzip.compress(doc(A)) + b"tail", "gzip data is damaged"),
    "text behind": (doc(A) + b" x", f"byte {len(doc(A)) + 1}: there is more text"),
    "two documents": (doc(A) + b"\n" + doc(B), f"byte {len(doc(A)) + 1}: there is more text"),
    "a document, then lines": (doc(A) + b"\n" + B, f"byte {len(doc(A)) + 1}: there is more text"),
    "no data": (b'{"records": [%s]}' % A, "has no \"data\" (its keys: 'records')"),
    "Data": (b'{"Data": [%s]}' % A, "has no \"data\" (its keys: 'Data')"),
    "an empty object": (b"{}", 'has no "data" (its keys: none)'),
    "data twice": (doc(A)[:-1] + b', "data": []}', '"data" stands more than once'),
    "data twice, one not a list": (b'{"data": 1, "data": [%s]}' % A, '"data" is a number'),
    "data is null": (b'{"data": null}', '"data" is a null'),
    "data is an object": (b'{"data": {"0": %s}}' % A, '"data" is a object'),
    "data is a text": (b'{"data": "[]"}', '"data" is a string'),
    "a missing comma": (doc(A)[:-2] + b" " + B + b"]}", f"byte {10 + len(A) + 1}: not valid JSON"),
    "a comma too many": (doc(A)[:-2] + b",]}", "not valid JSON"),
    "a comma at first": (b'{"data": [,%s]}' % A, "byte 10: not valid JSON"),
    "single quotes": (doc(A).replace(b'"', b"'"), "byte 1: not valid JSON"),
    "a comment": (b'{"data": [/* none */]}', "byte 10: not valid JSON"),
    "NaN": (doc(A.replace(b'"1616506124"', b"NaN")), "NaN is not JSON"),
    "Infinity": (doc(A, b'{"x": -Infinity}'), "-Infinity is not JSON"),
    "a leading zero": (doc(A.replace(b'"1616506124"', b"01")), "not valid JSON"),
    "a hexadecimal number": (doc(A.replace(b'"1616506124"', b"0x1")), "not valid JSON"),
    "a control character": (doc(A.replace(b'"a"', b'"a\x01"')), "not valid JSON"),
    "a raw line feed in a string": (doc(A.replace(b'"a"', b'"a\n"')), "not valid JSON"),
    "a bad escape": (doc(A.replace(b'"a"', b'"\\x41"')), "not valid JSON"),
    "half an escape": (doc(A.replace(b'"a"', b'"\\u12"')), "not valid JSON"),
    "nested too deeply": (b'{"data": ' + b"[" * 100_000, "nested too deeply"),
    "objects too deeply": (doc(b'{"a":' * 100_000), "nested too deeply"),
    "a number of 5,000 digits": (doc(b"1" * 5000), "not valid JSON"),
    "a broken line": (A + b"\n" + B[:-1] + b"\n", "line 2: not valid JSON"),
    "two records in a line": (A + b"\n" + A + B + b"\n", "line 2: more text after the record"),
    "lines with commas": (A + b",\n" + B + b",\n", "line 1: more text after the record"),
    "a line that is cut": (A + b"\n" + B[:-9], "line 2: not valid JSON"),
    "lines and a raw line feed": (A + b"\n" + B.replace(b'"b"', b'"b\n"'), "line 2: not valid JSON"),
    "broken far inside": (b'{"data": [' + MANY + b", {x}, " + MANY + b"]}", f"byte {10 + len(MANY) + 3}: not valid"),
    "cut far inside": (b'{"data": [' + MANY + b", " + A[:20], "cut short"),
}
# read, quarantined, written, and the field of each record in quarantine
READ = {
    "an empty list": (b'{"data": []}', 0, 0, []),
    "an empty list with blanks": (b'{"data": [ \n ] }\n', 0, 0, []),
    "two records": (doc(A, B), 2, 3, []),
    "keys around": (b'{"v": {"data": [1]}, "s": "]}", "data": [%s], "n": [{}, {"data": 2}]}' % A, 1, 2, []),
    "one line": (A, 1, 2, []),
    "lines": (A + b"\n" + B + b"\n", 2, 3, []),
    "lines with CR LF": (A + b"\r\n" + B + b"\r\n\r\n", 2, 3, []),
    "lines with a mark": (b"\xef\xbb\xbf" + A + b"\n" + B, 2, 3, []),
    "gzip of several members": (gzip.compress(doc(A)[:30]) + gzip.compress(doc(A)[30:]), 1, 2, []),
    "gzip with padding": (gzip.compress(doc(A, B)) + bytes(512), 2, 3, []),
    "a bomb": (gzip.compress(doc(A) + b" " * 20_000_000), 1, 2, []),
    "pretty-printed": (json.dumps({"data": [json.loads(A), json.loads(B)]}, indent=4).encode(), 2, 3, []),
    "escapes": (doc(A.replace(b'"a"', rb'"\u0061"'), B.replace(b"power", rb"p\u006fwer")), 2, 3, []),
    "a pair of surrogates": (doc(rec(device_id="😀")), 1, 1, []),
    "a lone surrogate": (doc(A, rec(device_id="\ud800")), 2, 2, ["device_id"]),
    "a NUL in the id": (doc(A, rec(device_id="a\0")), 2, 2, ["device_id"]),
    "blank ids": (doc(rec(device_id=""), rec(device_id=" \u3000"), A), 3, 2, ["device_id"] * 2),
    "a long id": (doc(rec(device_id="x" * 256), rec(device_id="x" * 257)), 2, 1, ["device_id"]),
    "an id of five megabytes": (doc(rec(device_id="x" * 5_000_000), A), 2, 2, ["device_id"]),
    "a path, a tag, a comma": (
        doc(*[rec(device_id=i) for i in ("../../x", "<script>", "a,b", 'a"b', "a\nb")]),
        5,
        5,
        [],
    ),
    "a formula": (doc(rec(device_id="=HYPERLINK(1)"), rec(device_id="=a")), 2, 2, []),
    "numbers as times": (doc(rec(timestamp=1616506124), A, rec(timestamp=1616506124.5)), 3, 4, ["timestamp"]),
    "times out of bounds": (
        doc(*[rec(timestamp=t) for t in ("946684799", "946684800", "1616630400", "1616630401", "0")]),
        *(5, 4, ["timestamp"] * 3),
    ),
    "milliseconds": (doc(A, rec(timestamp="1616506124000")), 2, 2, ["timestamp"]),
    "other scripts' digits": (doc(A, rec(timestamp="１６１６５０６１２４")), 2, 2, ["timestamp"]),
    "a sign, a blank, a point": (
        doc(*[rec(timestamp=t) for t in ("+616506124", " 161650612", "1616506124.", "1e9", "")]),
        *(5, 0, ["timestamp"] * 5),
    ),
    "a time that is true": (doc(A, rec(timestamp=True)), 2, 2, ["timestamp"]),
    "a huge time": (doc(A, rec(timestamp=10**30)), 2, 2, ["timestamp"]),
    "other powers": (doc(A, *[rec(power=p) for p in ("ON", "on ", "", True, 1, None, ["on"])]), 8, 2, ["power"] * 7),
    "missing fields": (
        doc(A, b"{}", b'{"device_id": "a"}', b'{"device_id": "a", "timestamp": "1616506124"}'),
        *(4, 2, ["device_id", "timestamp", "power"]),
    ),
    "records that are none": (doc(A, b"null", b"[]", b"1", b'"on"', b"true", b"1.5"), 7, 2, ["record"] * 6),
    "lists of records": (doc(b"[%s]" % A, A), 2, 2, ["record"]),
    "a repeated key": (doc(A[:-1] + b', "power": "off"}', A), 2, 2, ["record"]),
    "a repeated key with the same value": (doc(A[:-1] + b', "power": "on"}', A), 2, 2, ["record"]),
    "a repeated key in disguise": (doc(A[:-1] + rb', "p\u006fwer": "off"}', A), 2, 2, ["record"]),
    "repeated numbers": (
        doc(b'{"device_id": "a", "timestamp": 1616506124, "timestamp": 1, "power": "on"}'),
        1,
        0,
        ["record"],
    ),
    "a repeated extra key": (doc(A[:-1] + b', "x": 1, "x": 1}', A), 2, 2, ["record"]),
    "extra fields": (doc(rec(user_id="evil", type="evil", fw={"data": [1]}), A), 2, 4, []),
    "a record within a record": (doc(rec(x=[json.loads(A)] * 3), A, A), 3, 6, []),
    "records alike within a record": (doc(*[A] * 9, rec(x=[json.loads(A)] * 9), *[A] * 9), 19, 38, []),
    "brackets in an id": (doc(*[rec(device_id=i) for i in ("}, {", "]}", '{"device_id": ', ", ")] * 3), 12, 12, []),
    "a key that is not ours": (doc(A.replace(b"power", b"Power"), A), 2, 2, ["power"]),
    "duplicates": (doc(A, A, B, A), 4, 7, []),
    "one bad among many": (b'{"data": [' + MANY + b", null, " + MANY + b"]}", 20_001, 30_000, ["record"]),
    "another layout inside": (b'{"data": [' + MANY + b"," + MANY.replace(b" ", b"") + b"]}", 20_000, 30_000, []),
}
PIECES = [1, 50, 4096, 8 << 20]


def fits(raw, piece_bytes):
    """Tell whether a file is small enough to come a few bytes at a time in a test."""
    return len(raw) < 200 * piece_bytes or len(raw) < 2000


@pytest.mark.parametrize("piece_bytes", PIECES)
@pytest.mark.parametrize(("raw", "says"), REFUSED.values(), ids=REFUSED)
def test_is_refused_with_its_place(raw, says, piece_bytes):
    """A file of another shape gives an error of one line that names the file, the place and what was expected."""
    if not fits(raw, piece_bytes):
        piece_bytes = len(raw) // 100
    with pytest.raises(RawFileError) as caught:
        run(raw, piece_bytes)
    message = str(caught.value)
    assert message.startswith("f.json: ")
    assert says in message
    assert "\n" not in message
    assert len(message) < 400


@pytest.mark.parametrize("piece_bytes", PIECES)
@pytest.mark.parametrize(("raw", "n_read", "n_written", "fields"), READ.values(), ids=READ)
def test_is_read_with_its_counts(raw, n_read, n_written, fields, piece_bytes):
    """Every record is written, or in quarantine with the field at fault, and the counts agree with the bytes."""
    if not fits(raw, piece_bytes):
        piece_bytes = len(raw) // 100
    joined, history, quarantine = run(raw, piece_bytes)
    assert [record["field"] for record in quarantine] == fields
    assert (joined.rows.read, joined.rows.quarantined, joined.rows.written) == (n_read, len(fields), n_written)
    assert len(pd.read_csv(pd.io.common.BytesIO(history), dtype="str")) == n_written
    assert all(len(record["text"]) <= 200 for record in quarantine)


def test_there_are_many():
    """At least a hundred different files are tried."""
    assert len(REFUSED) + len(READ) >= 100


def test_random_bytes_are_refused():
    """Random bytes in place of a list always give our own error."""
    made = random.Random(1)  # noqa: S311 - no secret
    for _ in range(200):
        with pytest.raises(RawFileError):
            run(b'{"data": [' + made.randbytes(made.randrange(1, 60)), 16)
