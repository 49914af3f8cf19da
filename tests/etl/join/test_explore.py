"""What an analyst asks of the join."""

import pandas as pd
import pytest

from etl.join import explore, owners

EVENTS = pd.DataFrame(
    [("lamp", "1", "on"), ("TV ", "2", "on"), ("ghost", "3", "on"), ("Fan", "4", "on"), ("TV ", "5", "off")],
    columns=["device_id", "timestamp", "power"],
)
DEVICES = pd.DataFrame(
    [("u2", "lamp", "light"), ("u1", "lamp", "light"), ("u1", "TV", "TV"), ("u1", "fan", None), ("u2", "kettle", "")],
    columns=["user_id", "device_id", "type"],
)


def rows(frame):
    """Return a frame as plain rows, None for null."""
    return frame.astype("object").where(frame.notna(), None).to_numpy().tolist()


def test_unmatched_devices_come_with_their_reason():
    """Most events first; a near miss is named, and never used."""
    assert rows(explore.why_unmatched(EVENTS, DEVICES)) == [
        ["TV ", 2, "TV", "differs in blanks"],
        ["Fan", 1, "fan", "differs in case"],
        ["ghost", 1, None, "not in the master"],
    ]


def test_blanks_and_case_together_are_said_together():
    """Both have to be repaired."""
    events = EVENTS.assign(device_id=" tv")
    assert explore.why_unmatched(events, DEVICES)["reason"].tolist() == ["differs in blanks and case"]


def test_a_day_that_matches_has_no_unmatched_devices():
    """The columns stay."""
    found = explore.why_unmatched(EVENTS.head(1), DEVICES)
    assert found.empty
    assert list(found) == ["device_id", "n_events", "near_miss", "reason"]


def test_shared_devices_list_their_owners_sorted():
    """One row per device."""
    assert rows(explore.shared_devices(DEVICES)) == [["lamp", 2, "u1, u2"]]
    assert explore.shared_devices(DEVICES.tail(3)).empty


def test_silent_devices_keep_the_masters_order():
    """A device that wrote its id in another way looks silent."""
    assert explore.silent_devices(EVENTS, DEVICES)["device_id"].tolist() == ["TV", "fan", "kettle"]


def test_the_join_and_pandas_merge_hold_the_same_rows():
    """An outer join without the silent devices is the pipeline's join in another order; a lost row is seen."""
    merged = EVENTS.merge(DEVICES, on="device_id", how="outer", indicator=True)
    merged = merged[merged["_merge"] != "right_only"]
    history = owners.join_devices(EVENTS, DEVICES)
    assert explore.same_rows(history, merged)
    assert not explore.same_rows(history.tail(-1), merged)
    assert not explore.same_rows(history.assign(type="TV"), merged)


def test_events_are_counted_for_each_owner():
    """The shared lamp counts for both; the unmatched have neither owner nor type."""
    found = explore.events_by_owner_and_type(owners.join_devices(EVENTS, DEVICES))
    assert rows(found) == [["", "", 3, 3, 1], ["u1", "light", 1, 1, 0], ["u2", "light", 1, 1, 0]]


class TestReadRaw:
    """The raw frame."""

    BLOCKS = (b'{"data": [{"device_id": "a", "timestamp": "1616506124", "power": "on"}, {"device_id": ""},',
              b'{"device_id": "b", "timestamp": "1616506125", "power": "off"}]}')  # fmt: skip

    @pytest.mark.parametrize(("most", "n_events", "is_whole"), [(10, 2, True), (2, 2, True), (1, 1, False)])
    def test_reads_no_more_than_wanted(self, most, n_events, is_whole):
        """And says whether that is all."""
        raw = explore.read_raw(self.BLOCKS, source="a.json", run_date="2021-03-23", most_events=most)
        assert (len(raw.events), raw.is_whole) == (n_events, is_whole)
        assert raw.n_quarantined == 1

    def test_sums_up_what_was_read(self):
        """With times in UTC."""
        raw = explore.read_raw(self.BLOCKS, source="a.json", run_date="2021-03-23", most_events=10)
        (summary,) = raw.summary().astype("str").to_dict("records")
        assert summary == {
            "n_events": "2",
            "n_devices": "2",
            "n_set_aside": "1",
            "first_at": "2021-03-23 13:28:44+00:00",
            "last_at": "2021-03-23 13:28:45+00:00",
            "whole_file": "True",
        }

    def test_an_empty_day_is_an_empty_frame(self):
        """With its columns, and no times."""
        raw = explore.read_raw([b'{"data": []}'], source="a.json", run_date="2021-03-23", most_events=10)
        assert list(raw.events) == ["device_id", "timestamp", "power"]
        assert raw.summary()["first_at"].isna().all()
        assert explore.why_unmatched(raw.events, DEVICES).empty
