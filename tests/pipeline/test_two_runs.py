"""Two runs of one day, each stopped at each of its requests to S3 and DynamoDB in turn: no reader ever sees a mix.

The runs are threads of this process, so that each request can be held: the code cells of the notebooks as they are, and
the handler of Publish.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import threading
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pytest

from etl.errors import EtlError, OutputConflictError
from etl.runs.provenance import ROOT
from etl.settings import VARIABLES
from etl.storage import aws
from lambda_wrappers import publish

pytestmark = [
    pytest.mark.functional,
    pytest.mark.slow,
    pytest.mark.exhaustive,
    # a run is a thread: an error that it did not expect fails the test
    pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning"),
]

DAY = "2021-03-23"
PUBLISHED = "devices_operation_history_data/20210323.csv"
SETTINGS = {"time_zone": "Asia/Tokyo", "max_quarantine": "0.05", "csv_encoding": "utf-8"}
# all pairs of stops take minutes; without this variable each run is stopped while the other one is whole
ALL_PAIRS = bool(os.environ.get("ETL_ALL_STOPS"))

_here = threading.local()
_numbers = itertools.count(1)


class Killed(BaseException):
    """The process of a run ended."""


@dataclass
class Run(threading.Thread):
    """A run in a thread of its own, which stands still before its request number `stop_at` until it is let go."""

    stage: Any
    owner: str  # of this run's own raw file, so that what two runs write differs
    stop_at: int = -1
    is_killed: bool = False
    n_requests: int = 0
    error: BaseException | None = None
    shown: list[Any] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__(daemon=True, name=f"{self.owner}-{next(_numbers)}")

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        """Execute the notebooks and publish."""
        _here.run = self
        try:
            self.cells("02_join.ipynb")
            joined = self.shown[-1]
            self.cells("03_checks.ipynb")
            self.publish(joined)
        except (EtlError, Killed) as error:
            self.error = error
        finally:
            self.stopped.set()

    @property
    def is_conflict(self) -> bool:
        """Its publication was refused, because another one came first."""
        return isinstance(self.error, OutputConflictError)

    def let_go(self) -> None:
        """Let it run to its end, or die."""
        self.go_on.set()
        self.join(60)
        assert not self.is_alive()

    def until_it_stops(self) -> Run:
        """Start it, and wait until it stands still or has ended."""
        self.start()
        assert self.stopped.wait(60)
        return self

    def meet(self, **_event: object) -> None:
        """Count a request of this run, and stand still or die before the one that was asked for."""
        self.n_requests += 1
        if self.n_requests == self.stop_at:
            self.stopped.set()
            assert self.go_on.wait(60)
            if self.is_killed:
                raise Killed

    def cells(self, notebook: str) -> None:
        """Execute a notebook's code cells, but for its plots, with this run's parameters."""
        pipeline = self.stage.pipeline
        parameters = {
            "raw_bucket_name": pipeline.raw_bucket_name,
            "analytics_bucket_name": pipeline.analytics_bucket_name,
            "devices_table_name": pipeline.devices_table_name,
            "run_date": DAY,
            "s3_object_key": f"{self.owner}.json",
            "execution": self.name,
        }
        defined: dict[str, Any] = {"display": lambda *_shown, **_how: None}
        for cell in json.loads((ROOT / "notebooks" / notebook).read_text(encoding="utf-8"))["cells"]:
            source = "".join(cell["source"])
            if cell["cell_type"] != "code" or "plots." in source:
                continue
            exec(compile(source, cell["id"], "exec"), defined)  # noqa: S102 - our own notebook
            if "parameters" in cell["metadata"].get("tags", []):
                defined |= {name: value for name, value in parameters.items() if name in defined}
            if "JSON" in defined:
                defined["JSON"] = self.shown.append

    def publish(self, joined: dict[str, Any]) -> None:
        """Do what state Publish does."""
        event = {"execution": self.name, "join": joined, "check": self.shown[-1]}
        publish.handler(event, None)


@pytest.fixture(scope="module")
def day(stage):
    """Return the stage, with a raw file for each run, and with each request of a run meeting it first."""

    def meet(**event):
        run = getattr(_here, "run", None)
        if run:
            run.meet(**event)

    for owner, second in (("a", 1616506124), ("b", 1616506125), ("c", 1616506126)):
        record = {"device_id": "device_u33nk7yy", "timestamp": str(second), "power": "on"}
        stage.put_raw(json.dumps({"data": [record]}).encode(), f"{owner}.json")
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "publish")
    for name, variable in VARIABLES.items():
        monkeypatch.setenv(variable, {**vars(stage.pipeline), **SETTINGS}[name])
    clients = [aws.client(service) for service in ("s3", "dynamodb")]
    for client in clients:
        client.meta.events.register("before-send", meet)
    with pd.option_context("display.max_colwidth", 50):
        yield stage
    for client in clients:
        client.meta.events.unregister("before-send", meet)
    monkeypatch.undo()


@pytest.fixture(scope="module")
def n_requests(day):
    """Return how many requests a run makes when nobody interferes."""
    alone = Run(day, "a").until_it_stops()
    assert alone.error is None
    return alone.n_requests


def begin(day, *, is_published):
    """Begin the day anew: with nothing published, or with an earlier run's history."""
    bucket = day.pipeline.analytics_bucket_name
    aws.client("s3").delete_object(Bucket=bucket, Key=PUBLISHED)
    if is_published:
        # of a third run: a publication of the very bytes that were there has their ETag, and replaces nothing
        assert Run(day, "c").until_it_stops().error is None


def reader_sees(day):
    """Return the name of the run whose history is published; fail if anything does not belong to that run."""
    found = day.pipeline.aws.client("s3").get_object(Bucket=day.pipeline.analytics_bucket_name, Key=PUBLISHED)
    body, metadata = found["Body"].read(), found["Metadata"]
    folder = f"runs/20210323/{metadata['execution']}/"
    assert metadata["manifest"] == folder + "manifest.json"
    manifest = json.loads(day.body(metadata["manifest"]))
    assert manifest["parameters"]["execution"] == metadata["execution"]
    assert hashlib.sha256(body).hexdigest() == metadata["sha256"] == manifest["output"]["sha256"]
    assert day.body(folder + "history.csv") == body
    assert manifest["input"]["key"] == f"{metadata['execution'][0]}.json"
    return metadata["execution"]


@pytest.mark.parametrize(
    ("is_killed", "is_published"),
    list(itertools.product([False, True], repeat=2)) if ALL_PAIRS else [(False, False), (True, True)],
)
def test_a_run_that_another_one_overtakes(day, n_requests, is_published, is_killed):
    """Wherever it stood still: it is refused, unless it had not begun; or it is dead. Readers see whole runs only."""
    assert n_requests > 10
    for stop_at in range(1, n_requests + 1):
        begin(day, is_published=is_published)
        slow = Run(day, "a", stop_at=stop_at, is_killed=is_killed).until_it_stops()
        fast = Run(day, "b").until_it_stops()
        assert fast.error is None
        assert reader_sees(day) == fast.name
        slow.let_go()
        has_begun = stop_at > 1  # its first request asks what is published
        assert isinstance(slow.error, Killed) if is_killed else slow.is_conflict == has_begun, (stop_at, slow.error)
        assert reader_sees(day) == (fast.name if is_killed or has_begun else slow.name)


@pytest.mark.skipif(not ALL_PAIRS, reason="takes minutes; ETL_ALL_STOPS=1 runs it")
@pytest.mark.parametrize("is_published", [False, True], ids=["first run of the day", "published before"])
def test_both_stand_still_wherever_they_can(day, n_requests, is_published):
    """Whoever publishes first has published; the other one is refused, unless it had not begun."""
    for stops in itertools.product(range(1, n_requests + 1), repeat=2):
        begin(day, is_published=is_published)
        first, second = (
            Run(day, owner, stop_at=stop_at).until_it_stops() for owner, stop_at in zip("ab", stops, strict=True)
        )
        first.let_go()
        assert first.error is None
        assert reader_sees(day) == first.name
        second.let_go()
        has_begun = stops[1] > 1
        assert second.is_conflict == has_begun, (stops, second.error)
        assert reader_sees(day) == (first.name if has_begun else second.name)
