"""A raw file of each allowed form gives its records, and any other file an error that names the place."""

import gzip
import json

import pytest

from etl.contract.record import RepeatedKeys
from etl.errors import RawFileError
from etl.raw.raw_file import RawFile, first_records

ON = {"device_id": "a", "timestamp": "1616506124", "power": "on"}
OFF = {"device_id": "a", "timestamp": "1616506125", "power": "off"}
DOCUMENT = json.dumps({"data": [ON, OFF]}).encode()
PIECES = [1, 7, 64, 8 << 20]
LINES = (json.dumps(ON) + "\n" + json.dumps(OFF) + "\n").encode()


def read_records(raw, *, source="f", piece_bytes=8 << 20):
    """Return all records of a file that comes in blocks."""
    blocks = [raw[at : at + piece_bytes] for at in range(0, len(raw), piece_bytes)]
    file, records = RawFile(blocks, source=source, piece_bytes=piece_bytes), []
    while not file.finished:
        records += [decoded.value for decoded in file.decode_records()]
        if not file.finished:
            file.refill()
    return records


@pytest.mark.parametrize("piece_bytes", PIECES)
@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(DOCUMENT, id="one object"),
        pytest.param(LINES, id="JSON Lines"),
        pytest.param(LINES.strip(), id="JSON Lines without a last line feed"),
        pytest.param(LINES.replace(b"\n", b"\r\n\r\n"), id="JSON Lines with CRLF and blank lines"),
        pytest.param(b"\xef\xbb\xbf" + DOCUMENT, id="byte order mark"),
        pytest.param(gzip.compress(DOCUMENT), id="gzip"),
        pytest.param(gzip.compress(b"\xef\xbb\xbf" + LINES), id="gzip of JSON Lines with a byte order mark"),
        pytest.param(b'{"v": {"data": 1}, "data": [%s, %s], "n": 2}' % tuple(LINES.split(b"\n")[:2]), id="other keys"),
        pytest.param(b" \n " + DOCUMENT + b" \n", id="blanks around"),
    ],
)
def test_gives_records_in_order(raw, piece_bytes):
    """Each allowed form gives the same two records in order, in pieces of any size."""
    assert read_records(raw, piece_bytes=piece_bytes) == [ON, OFF]


def test_one_line_is_json_lines():
    """A file of a single record is JSON Lines of one line."""
    assert read_records(json.dumps(ON).encode(), source="f") == [ON]


def test_an_empty_list_has_no_records():
    """A document with an empty list is valid and has no records."""
    assert read_records(b'{"data": []}', source="f") == []


@pytest.mark.parametrize("piece_bytes", PIECES)
@pytest.mark.parametrize(
    ("raw", "message"),
    [
        pytest.param(b"", "the file is empty", id="empty"),
        pytest.param(b" \n\t ", "the file is empty", id="blank"),
        pytest.param(b"\xef\xbb\xbf", "the file is empty", id="byte order mark only"),
        pytest.param(b"[]", "starts with a list", id="top-level list"),
        pytest.param(b'"data"', "starts with a string", id="string"),
        pytest.param(b"null", "starts with a null", id="null"),
        pytest.param(b"hello", "byte 0: not valid JSON", id="text"),
        pytest.param(DOCUMENT[:-1], "cut short", id="truncated at the end"),
        pytest.param(DOCUMENT[:40], "cut short", id="truncated in a record"),
        pytest.param(b'{"x": 1}', "has no \"data\" (its keys: 'x')", id="no data"),
        pytest.param(b'{"data": {"a": 1}}', '"data" is a object', id="data is an object"),
        pytest.param(b'{"data": null}', '"data" is a null', id="data is null"),
        pytest.param(b'{"data": [], "data": []}', '"data" stands more than once', id="data twice"),
        pytest.param(DOCUMENT + b" tail", f"byte {len(DOCUMENT) + 1}: there is more text", id="trailing text"),
        pytest.param(DOCUMENT + DOCUMENT, f"byte {len(DOCUMENT)}: there is more text", id="two documents"),
        pytest.param(LINES + b"{", "line 3: not valid JSON", id="broken line"),
        pytest.param(LINES + b'{"a": 1} {"a": 2}', "line 3: more text after the record", id="two records a line"),
        pytest.param('{"data": ["é", x]}'.encode(), "byte 16: not valid JSON", id="offset counts bytes"),
        pytest.param(b'{"data": ["\xff"]}', "byte 11: not valid UTF-8", id="not UTF-8"),
        pytest.param("{}".encode("utf-16"), "UTF-16", id="UTF-16"),
        pytest.param(b'{"data": [NaN]}', "NaN is not JSON", id="NaN"),
        pytest.param(b'{"data": ' + b"[" * 100_000, "nested too deeply", id="deep nesting"),
        pytest.param(gzip.compress(DOCUMENT)[:-9], "gzip data is damaged", id="truncated gzip"),
        pytest.param(b"\x1f\x8bnonsense", "gzip data is damaged", id="broken gzip"),
        pytest.param(b'{"data": [1' + b"0" * 5000 + b"]}", "not valid JSON", id="a number of 5,000 digits"),
    ],
)
def test_says_what_is_wrong_and_where(raw, message, piece_bytes):
    """Any other file gives an error of one line that names the file, the place and what was expected."""
    with pytest.raises(RawFileError) as caught:
        read_records(raw, source="f.json", piece_bytes=piece_bytes)
    assert str(caught.value).startswith("f.json: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_repeated_key_is_not_silently_the_last_one():
    """A record with a repeated key is marked as such, and the key is named."""
    (record,) = read_records(b'{"data": [{"power": "on", "power": "off"}]}', source="f")
    assert isinstance(record, RepeatedKeys)
    assert record.repeated == ["power"]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        pytest.param(DOCUMENT, [ON, OFF], id="document"),
        pytest.param(LINES, [ON, OFF], id="JSON Lines"),
        pytest.param(gzip.compress(DOCUMENT), [ON, OFF], id="gzip"),
        pytest.param(DOCUMENT[:-20], [ON], id="cut within the second record"),
        pytest.param(b'{"v": [1], "data": [%s' % json.dumps(ON).encode(), [ON], id="a key before data"),
        pytest.param(b'{"data": []}', [], id="empty list"),
        pytest.param(b"", [], id="empty"),
        pytest.param(b"no json", [], id="broken"),
    ],
)
def test_previews_what_it_can(head, expected):
    """The preview shows complete records only, and never fails."""
    assert first_records(head) == expected
