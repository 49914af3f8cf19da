"""The pipeline and the slow reference give the same bytes and the same counts for made-up files of every kind."""

import gzip
import json
import os

import pandas as pd
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from slow_reference import expected

from etl.contract.record import first_fault, time_bounds
from etl.errors import RawFileError
from etl.join.join_file import join_file
from etl.join.record_reader import read_events
from etl.raw.json_records import DECODER

RUN_DATE = "2021-03-23"
# "make test" runs a few hundred; ETL_EXAMPLES=20000 runs more
EXAMPLES = int(os.environ.get("ETL_EXAMPLES", "300"))
of_files = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))

PLAIN_IDS = st.sampled_from(["d1", "d2", "device_u33nk7yy", "d1 ", "D1", "unknown"])
ODD_IDS = st.sampled_from(["", " ", "\u3000", "=1+1", "-x", "a,b", 'say "x"', "two\nlines", "cr\rx", "a\0b", "\ud800"])
IDS = st.one_of(
    PLAIN_IDS, ODD_IDS, st.text(max_size=5), st.sampled_from(["エアコン😀", "{", "}, {", "x" * 257, 5, None])
)
TIMES = st.one_of(
    st.integers(1616500000, 1616500003).map(str),
    st.sampled_from(
        [1616500000, 0, -1, 1.5, True, None, "", "0946684800", "946684800", "1616630401", "１", "x", 10**20]
    ),
)
POWERS = st.sampled_from(["on", "off", "on", "off", "ON", "", True, None, [], {"power": "on"}])
REGULAR = st.tuples(PLAIN_IDS, st.integers(1616500000, 1616500003).map(str), st.sampled_from(["on", "off"])).map(
    lambda values: list(zip(("device_id", "timestamp", "power"), values, strict=True))
)
NESTED = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=4), REGULAR.map(dict)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=2)),
    max_leaves=4,
)
ANY_PAIRS = st.tuples(
    IDS, TIMES, POWERS, st.lists(st.tuples(st.sampled_from(["fw", "type", "user_id"]), NESTED), max_size=2)
).map(lambda made: [("device_id", made[0]), ("timestamp", made[1]), ("power", made[2]), *made[3]])


@st.composite
def record_texts(draw):
    """Return records as JSON texts: most of one layout, some of any shape."""
    layout = draw(st.sampled_from([(", ", ": "), (",", ":"), (" , ", " : ")]))
    order = draw(st.permutations([0, 1, 2]))
    ensure_ascii = draw(st.booleans())
    texts = []
    for kind in draw(st.lists(st.sampled_from("aaaaaxrm"), max_size=12)):
        if kind == "a":
            pairs = draw(REGULAR)
            pairs = [pairs[position] for position in order]
        elif kind == "x":
            texts.append(json.dumps(draw(NESTED), ensure_ascii=ensure_ascii))
            continue
        else:
            pairs = draw(st.permutations(draw(ANY_PAIRS)))
            if kind == "r" and draw(st.booleans()):
                pairs = [*pairs, draw(st.sampled_from(pairs))]
            elif kind == "m":
                pairs = pairs[1:]
        comma, colon = layout if kind == "a" else draw(st.sampled_from([layout, (", ", ": "), (",", ":")]))
        members = [f"{json.dumps(key)}{colon}{json.dumps(value, ensure_ascii=ensure_ascii)}" for key, value in pairs]
        texts.append("{" + comma.join(members) + "}")
    return [text for text in texts if is_utf8(text)]


def is_utf8(text):
    """Tell whether a text has no lone surrogates of its own; escaped ones are fine."""
    return not any("\ud800" <= char <= "\udfff" for char in text)


OTHER_MEMBERS = st.lists(
    st.tuples(st.sampled_from(["v", "meta", "n", "device_id"]), NESTED), max_size=2, unique_by=lambda pair: pair[0]
)


@st.composite
def documents(draw):
    """Return records and the bytes of a document that holds them."""
    texts = draw(record_texts())
    separator = draw(st.sampled_from([", ", ",", ",\n  ", " ,\r\n"]))
    before, after = (
        [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in draw(OTHER_MEMBERS)] for _side in range(2)
    )
    blank = draw(st.sampled_from(["", " ", "\n"]))
    data = f'"data":{blank}[{blank}{separator.join(texts)}{blank}]'
    return texts, f"{blank}{{{', '.join([*before, data, *after])}{blank}}}{blank}".encode()


@st.composite
def lines(draw):
    """Return records and the bytes of JSON Lines that hold them; the first has no "data", or it would be a document."""
    texts = [json.dumps({"device_id": "d1", "timestamp": "1616500000", "power": "on"}), *draw(record_texts())]
    separator = draw(st.sampled_from(["\n", "\r\n", "\n\n"]))
    return texts, (separator.join(texts) + draw(st.sampled_from(["", "\n", "\n \n"]))).encode()


DEVICES = st.lists(
    st.tuples(
        st.sampled_from(["u1", "u2", "=u"]),
        st.sampled_from(["d1", "d2", "device_u33nk7yy", "エアコン😀", "=1+1", "a,b"]),
        st.sampled_from(["TV", None, "エアコン", "+x", "a,b", ""]),
    ),
    unique_by=lambda device: device[:2],
    max_size=6,
)


def run(raw, devices, piece_bytes):
    """Run the pipeline on bytes; return history, quarantine and summary."""
    history, quarantine = [], []
    frame = pd.DataFrame(devices, columns=["user_id", "device_id", "type"], dtype="str")
    blocks = [raw[at : at + piece_bytes] for at in range(0, len(raw), piece_bytes)]
    joined = join_file(
        blocks,
        frame,
        history=history.append,
        quarantine=quarantine.append,
        source="f",
        run_date=RUN_DATE,
        max_quarantine=1,
        piece_bytes=piece_bytes,
    )
    return b"".join(history), [json.loads(line) for line in b"".join(quarantine).split(b"\n") if line], joined


@of_files
@given(
    st.one_of(documents(), lines()), DEVICES, st.sampled_from([1, 3, 17, 200, 1 << 20]), st.booleans(), st.booleans()
)
def test_agrees_with_the_slow_reference(made, devices, piece_bytes, has_bom, is_packed):
    """Gives the same CSV bytes, quarantine and counts, however the file is written and cut into pieces."""
    texts, raw = made
    raw = b"\xef\xbb\xbf" + raw if has_bom else raw
    history, quarantine, joined = run(gzip.compress(raw) if is_packed else raw, devices, piece_bytes)
    wanted = expected(texts, devices, RUN_DATE)
    assert history == wanted.history
    assert [(record["index"], record["field"], record["text"]) for record in quarantine] == wanted.quarantine
    assert joined.rows.to_dict() == {name: wanted.rows[name] for name in joined.rows.to_dict()}
    assert set(joined.extra_fields) == wanted.extra_fields


@of_files
@given(documents(), st.data(), st.sampled_from([5, 100, 1 << 20]))
@example((["x"], b'{"data": [{"a": 1}, {"a": 2}]}'), None, 5)
def test_a_damaged_document_is_read_as_python_reads_it_or_refused(made, data, piece_bytes):
    """A document with a byte more, less or changed gives our own error, or exactly the records that Python finds."""
    _texts, raw = made
    if data is not None:
        at, damaged = data.draw(st.integers(0, len(raw) - 1)), data.draw(st.binary(max_size=2))
        raw = raw[:at] + damaged + raw[at + data.draw(st.integers(0, 2)) :]
    assume(not raw.startswith((b"\xff\xfe", b"\xfe\xff", b"\x1f\x8b")))
    try:
        document = DECODER.decode(raw.removeprefix(b"\xef\xbb\xbf").decode())
    except (ValueError, RecursionError):
        document = None
    blocks = [raw[at : at + piece_bytes] for at in range(0, len(raw), piece_bytes)]
    pieces, refused = [], ""
    try:
        pieces = list(read_events(blocks, source="f", run_date=RUN_DATE, piece_bytes=piece_bytes))
    except RawFileError as error:
        refused = str(error)
    if refused:
        assert not isinstance(document, dict) or not is_list_once(document), refused
        return
    assume(isinstance(document, dict) and "data" in document)
    assert sum(piece.n_read for piece in pieces) == len(document["data"])
    bounds = time_bounds(RUN_DATE)
    faults = [index for index, record in enumerate(document["data"]) if first_fault(record, bounds)]
    assert [record.index for piece in pieces for record in piece.quarantined] == faults


def is_list_once(document):
    """Tell whether a document has "data" once, as a list."""
    return isinstance(document.get("data"), list) and "data" not in getattr(document, "repeated", [])
