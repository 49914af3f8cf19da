"""The cells of 03_checks on histories that are damaged, empty or hostile: everything is shown, the last cell judges."""

import ast
import hashlib
import json

import pandas as pd
import pytest

from etl.contract.history_csv import header
from etl.errors import ChecksFailedError
from etl.runs import step_durations
from etl.runs.provenance import ROOT
from etl.storage import object_store

GOOD = header() + b"a,1616506124,on,u1,TV\na,1616506185,off,u1,TV\nx,1616506186,on,,\n"
ROWS = {"read": 3, "valid": 3, "quarantined": 0, "matched": 2, "unmatched": 1, "fanned_out_extra": 0, "written": 3}
HOSTILE = ["<script>alert(1)</script>", "x" * 5_000_000, "$a$", '"line\nend"', "\u202eabc", "'=1+1", "עברית", "🚀"]


def source_of_cells():
    """Return the sources of the notebook's code cells by id."""
    cells = json.loads((ROOT / "notebooks" / "03_checks.ipynb").read_text(encoding="utf-8"))["cells"]
    return {cell["id"]: "".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"}


@pytest.fixture
def run(monkeypatch):
    """Return a function that runs all cells but the last, and returns that, what was shown, and what was written."""

    def of(content, rows=ROWS, sha256=None, **parameters):
        report = {
            "rows": ROWS | rows | {"duplicates": 0},
            "unmatched_devices": ["x"],
            "devices": {"n_types_not_text": 0},
            "extra_fields": [],
            "output": {"sha256": sha256 or hashlib.sha256(content).hexdigest()},
        }
        stored = {"history.csv": content, "join.json": json.dumps(report).encode()}
        kept = {}
        monkeypatch.setattr(
            object_store, "read", lambda _b, key, **_c: object_store.Body(stored[key.rsplit("/", 1)[1]], "e")
        )
        monkeypatch.setattr(object_store, "metadata_of", lambda _bucket, _key: None)
        monkeypatch.setattr(step_durations, "step_seconds", lambda _bucket, _prefix: {})
        monkeypatch.setattr(object_store, "write_new", lambda _bucket, key, body: kept.update({key: json.loads(body)}))
        space, shown = {}, {}
        *cells, last = source_of_cells().items()
        for cell_id, source in cells:
            shown[cell_id] = display(source, space)
            if cell_id == "parameters":
                space.update(parameters)
        return lambda: display(last[1], space), shown, kept

    return of


def display(source, space):
    """Run a cell and return what its last expression shows."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), space)  # noqa: S102 - the notebook's own cells
    value = eval(compile(ast.Expression(last.value), "cell", "eval"), space) if last else None  # noqa: S307
    if hasattr(value, "_repr_mimebundle_"):
        return value._repr_mimebundle_()[0]
    return {"text/plain": repr(value), "text/html": value._repr_html_() if hasattr(value, "_repr_html_") else ""}


def test_a_sound_history_passes(run):
    """The manifest holds the checks with their thresholds, and the events of each hour for the next days."""
    judge, shown, kept = run(GOOD)
    judge()
    (record,) = kept.values()
    assert record["events_by_hour"] == {"time_zone": "Asia/Tokyo", "n_events": {"2021-03-23 22:00": 3}}
    thresholds = {check["name"]: check["threshold"] for check in record["checks"]}
    assert (thresholds["freshness"], thresholds["content"]) == (30.0, None)
    assert shown["verdict"]["text/plain"].startswith("May be published: 20 of 21 checks passed, 1 warning.")


@pytest.mark.parametrize(
    ("damaged", "name"),
    [
        (GOOD.replace(b"on", b"ON"), "power"),
        (GOOD.replace(b"1616506185", b"soon"), "timestamps"),
        (GOOD.replace(b"timestamp", b"at"), "columns"),
        (GOOD.replace(b"device_id,timestamp,power,user_id,type", b"a,b,c,d,e"), "columns"),
        (GOOD[: GOOD.index(b"x,")], "reconciliation"),
        (header(), "reconciliation"),
    ],
)
def test_a_damaged_history_is_shown_and_then_refused(run, damaged, name):
    """No cell before the last fails, the manifest is there, the verdict says no."""
    judge, shown, kept = run(damaged)
    assert len(kept) == 1
    assert "Must not be published" in shown["verdict"]["text/html"]
    with pytest.raises(ChecksFailedError, match=name):
        judge()


def test_another_file_than_the_join_wrote_is_refused(run):
    """By its SHA-256."""
    judge, _shown, _kept = run(GOOD, sha256="0" * 64)
    with pytest.raises(ChecksFailedError, match="content"):
        judge()


def test_an_empty_day_is_published_with_a_warning(run):
    """All figures are nought, all pictures are drawn."""
    judge, shown, _kept = run(header(), dict.fromkeys(ROWS, 0))
    judge()
    assert "1 warning" in shown["verdict"]["text/plain"]
    assert shown["plot"]["text/plain"] == "No events"


def test_a_gap_is_found_by_what_was_published_before(run, monkeypatch):
    """Three earlier days say what is usual; the hour from 21:00 is empty. An event of tomorrow makes no gap."""
    seconds = range(1616497200, 1616511600, 60)  # from 20:00 to midnight in Tokyo
    rows = "".join(f"a,{second},on,u1,TV\n" for second in seconds if not 1616500800 <= second < 1616504400)
    rows += "a,1616598000,off,u1,TV\n"
    n = {"read": 181, "valid": 181, "matched": 181, "unmatched": 0, "written": 181}
    earlier = [
        pd.Series(60, index=pd.date_range(f"2021-03-{day} 20:00", periods=4, freq="h", name="hour"), name="n_events")
        for day in (20, 21, 22)
    ]
    monkeypatch.setattr("etl.runs.published_days.earlier_hours", lambda *_where, **_how: earlier)
    _judge, shown, _kept = run(header() + rows.encode(), n, max_in_a_row=1000)
    assert "1 gap, the longest of 1 hour from 2021-03-23 21:00, in which 60 events" in shown["verdict"]["text/plain"]
    assert "1 event lies after the end of 2021-03-23" in shown["verdict"]["text/plain"]
    assert shown["volume"]["text/plain"].endswith("1 gap, together 1 hour")


def test_hostile_text_stays_text_and_outputs_stay_small(run):
    """Ids, owners and types of any text: nothing runs, nothing is long, nothing begins a formula."""
    rows = "".join(
        f"{text[:256]},{1616506124 + n},{power},{text[:256]},{text}\n"
        for text in HOSTILE
        for n, power in enumerate(("on", "on", "off"))
    )
    content = header() + rows.encode()
    n = {"read": 24, "valid": 24, "matched": 24, "unmatched": 0, "written": 24}
    judge, shown, _kept = run(content, n, max_in_a_row=1)
    judge()
    for cell_id, data in shown.items():
        html, text = data.get("text/html", ""), data["text/plain"]
        assert len(html) + len(text) < 20_000, cell_id
        assert "<script" not in html, cell_id
        assert "\u202e" not in html + text, cell_id


def test_a_look_writes_nothing(run):
    """With other thresholds, on a run that has its manifest already."""
    judge, shown, kept = run(GOOD, look_only=True, max_unmatched=0.5)
    judge()
    assert kept == {}
    assert shown["verdict"]["text/plain"] == "May be published: 21 of 21 checks passed."
