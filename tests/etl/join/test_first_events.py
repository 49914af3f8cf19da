"""The first events of a raw file are read no further than needed, and summed up."""

import pytest

from etl.join.first_events import read_first_events

BLOCKS = (b'{"data": [{"device_id": "a", "timestamp": "1616506124", "power": "on"}, {"device_id": ""},',
          b'{"device_id": "b", "timestamp": "1616506125", "power": "off"}]}')  # fmt: skip


def read(blocks, max_events=10):
    """Return the first events of blocks."""
    return read_first_events(blocks, source="a.json", run_date="2021-03-23", max_events=max_events)


@pytest.mark.parametrize(("most", "n_events", "is_whole"), [(10, 2, True), (2, 2, True), (1, 1, False)])
def test_reads_no_more_than_wanted(most, n_events, is_whole):
    """Returns at most the wanted number of events, and whether the file has more."""
    first = read(BLOCKS, most)
    assert (len(first.events), first.is_whole) == (n_events, is_whole)
    assert first.n_quarantined == 1


def test_sums_the_events_up():
    """The summary has the counts, and the first and the last time in UTC."""
    (summary,) = read(BLOCKS).summary().astype("str").to_dict("records")
    assert summary == {
        "n_events": "2",
        "n_devices": "2",
        "n_set_aside": "1",
        "first_at": "2021-03-23 13:28:44+00:00",
        "last_at": "2021-03-23 13:28:45+00:00",
        "whole_file": "True",
    }


def test_an_empty_day_is_an_empty_frame():
    """A file without events gives a frame with the columns of an event, and a summary without times."""
    first = read([b'{"data": []}'])
    assert list(first.events) == ["device_id", "timestamp", "power"]
    assert first.summary()["first_at"].isna().all()
