"""The cells of 03_checks on damaged, empty and hostile histories: only the last cell may fail."""

import ast
import hashlib
import json

import pandas as pd
import pytest

from etl.checks.all_checks import ALL_CHECKS
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
    """Return a function that runs all cells but the last, and returns the last as a function, outputs and uploads."""

    def of(content, rows=ROWS, sha256=None, **parameters):
        report = {
            "rows": ROWS | rows | {"duplicates": 0},
            "unmatched_devices": ["x"],
            "devices": {"n_types_not_text": 0},
            "extra_fields": [],
            "output": {"sha256": sha256 or hashlib.sha256(content).hexdigest()},
        }
        stored = {"history.csv": content, "join.json": json.dumps(report).encode()}
        uploads = {}
        monkeypatch.setattr(
            object_store, "read", lambda _b, key, **_c: object_store.Body(stored[key.rsplit("/", 1)[1]], "e")
        )
        monkeypatch.setattr(object_store, "metadata_of", lambda _bucket, _key: None)
        monkeypatch.setattr(step_durations, "step_seconds", lambda _bucket, _prefix: {})
        monkeypatch.setattr(
            object_store, "write_new", lambda _bucket, key, body: uploads.update({key: json.loads(body)})
        )
        space, shown = {}, {}
        *cells, last = source_of_cells().items()
        for cell_id, source in cells:
            shown[cell_id] = display(source, space)
            if cell_id == "parameters":
                space.update(parameters)
        return lambda: display(last[1], space), shown, uploads

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
    """The manifest has every check with its threshold, and the events of each hour for the next days."""
    judge, shown, uploads = run(GOOD)
    judge()
    (record,) = uploads.values()
    assert record["events_by_hour"] == {"time_zone": "Asia/Tokyo", "n_events": {"2021-03-23 22:00": 3}}
    thresholds = {check["name"]: check["threshold"] for check in record["checks"]}
    assert (thresholds["freshness"], thresholds["content"]) == (30.0, None)
    assert list(thresholds) == [check.__name__ for check in ALL_CHECKS]
    passed = f"{len(ALL_CHECKS) - 1} of {len(ALL_CHECKS)} checks passed"
    assert shown["verdict"]["text/plain"].startswith(f"May be published: {passed}, 1 warning.")


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
    """No cell before the last fails, the manifest is written, and the verdict is that nothing may be published."""
    judge, shown, uploads = run(damaged)
    assert len(uploads) == 1
    assert "Must not be published" in shown["verdict"]["text/html"]
    with pytest.raises(ChecksFailedError, match=name):
        judge()


def test_another_file_than_the_join_wrote_is_refused(run):
    """The SHA-256 of the file differs from that of the report."""
    judge, _shown, _uploads = run(GOOD, sha256="0" * 64)
    with pytest.raises(ChecksFailedError, match="content"):
        judge()


def test_an_empty_day_is_published_with_a_warning(run):
    """All numbers are zero, and all figures are drawn."""
    judge, shown, _uploads = run(header(), dict.fromkeys(ROWS, 0))
    judge()
    assert "1 warning" in shown["verdict"]["text/plain"]
    assert shown["plot"]["text/plain"] == "No events"


def test_a_gap_is_found_by_the_days_that_were_published_before(run, monkeypatch):
    """The hour from 21:00 is empty, unlike on three earlier days; an event of tomorrow makes no gap."""
    seconds = range(1616497200, 1616511600, 60)  # from 20:00 to midnight in Tokyo
    rows = "".join(f"a,{second},on,u1,TV\n" for second in seconds if not 1616500800 <= second < 1616504400)
    rows += "a,1616598000,off,u1,TV\n"
    n = {"read": 181, "valid": 181, "matched": 181, "unmatched": 0, "written": 181}
    earlier = [
        pd.Series(60, index=pd.date_range(f"2021-03-{day} 20:00", periods=4, freq="h", name="hour"), name="n_events")
        for day in (20, 21, 22)
    ]
    monkeypatch.setattr("etl.runs.published_days.earlier_hours", lambda *_where, **_how: earlier)
    _judge, shown, _uploads = run(header() + rows.encode(), n, max_in_a_row=1000)
    assert "1 gap, the longest of 1 hour from 2021-03-23 21:00, in which 60 events" in shown["verdict"]["text/plain"]
    assert "1 event lies after the end of 2021-03-23" in shown["verdict"]["text/plain"]
    assert shown["volume"]["text/plain"].endswith("1 gap, together 1 hour")


def test_hostile_text_stays_text_and_outputs_stay_small(run):
    """Ids, owners and types of any text run no script, make no long output and begin no formula."""
    rows = "".join(
        f"{text[:256]},{1616506124 + n},{power},{text[:256]},{text}\n"
        for text in HOSTILE
        for n, power in enumerate(("on", "on", "off"))
    )
    content = header() + rows.encode()
    n = {"read": 24, "valid": 24, "matched": 24, "unmatched": 0, "written": 24}
    judge, shown, _uploads = run(content, n, max_in_a_row=1)
    judge()
    for cell_id, data in shown.items():
        html, text = data.get("text/html", ""), data["text/plain"]
        assert len(html) + len(text) < 20_000, cell_id
        assert "<script" not in html, cell_id
        assert "\u202e" not in html + text, cell_id


def test_a_look_writes_nothing(run):
    """A run that has its manifest can be looked at with other thresholds."""
    judge, shown, uploads = run(GOOD, look_only=True, max_unmatched=0.5)
    judge()
    assert uploads == {}
    n = len(ALL_CHECKS)
    assert shown["verdict"]["text/plain"] == f"May be published: {n} of {n} checks passed."
