"""A run date is one calendar day, however it is written, and anything else is refused."""

from datetime import UTC, datetime

import pytest

from etl.contract.run_date import RunDate
from etl.errors import ParametersError


def test_has_one_text_and_one_compact_form():
    """Keeps the four digits of a year before 1000, too."""
    assert [str(RunDate.parse("2021-03-23")), RunDate.parse("2021-03-23").compact] == ["2021-03-23", "20210323"]
    assert RunDate.parse("0021-03-01").compact == "00210301"


@pytest.mark.parametrize(
    "text", ["", "2021-3-23", "20210323", "2021-02-30", "2021-W12-2", " 2021-03-23", "２０２１-03-23", None, 20210323]
)
def test_refuses_every_other_text(text):
    """Names what was found and how a date is written."""
    with pytest.raises(
        ParametersError, match=r"^run_date: found .*; expected a date written YYYY-MM-DD, such as 2021-"
    ):
        RunDate.parse(text)


@pytest.mark.parametrize("text", ["2021323", "20210230", "２０２１0323", "2021-3-23", "20210323 "])
def test_refuses_every_other_compact_text(text):
    """Accepts eight ASCII digits only, and only where the caller allows them."""
    assert RunDate.parse("20210323", allow_compact=True) == RunDate.parse("2021-03-23")
    with pytest.raises(ParametersError, match="run_date: found"):
        RunDate.parse(text, allow_compact=True)


@pytest.mark.parametrize(
    ("instant", "day"), [("2021-03-22T14:59:59.999Z", "2021-03-22"), ("2021-03-22T15:00:00+00:00", "2021-03-23")]
)
def test_an_instant_has_the_date_of_the_time_zone(instant, day):
    """Tokyo's midnight is 15:00 UTC."""
    assert str(RunDate.of_instant(instant, "Asia/Tokyo")) == day


@pytest.mark.parametrize("instant", ["2021-03-22T15:00:00", "2021-03-22", "yesterday", "", None, 1616425200])
def test_an_instant_without_offset_is_refused(instant):
    """Its date would depend on the machine."""
    with pytest.raises(ParametersError, match=r"start: found .*; expected an instant with its offset"):
        RunDate.of_instant(instant, "Asia/Tokyo")


@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z"])
def test_an_instant_whose_date_no_calendar_has_is_refused(instant):
    """Its date in the zone is before year 1 or after year 9999."""
    with pytest.raises(ParametersError, match=r"start: found .*; expected an instant with its offset"):
        RunDate.of_instant(instant, "Asia/Tokyo")


def test_knows_the_days_before_and_its_midnight():
    """Counts over the end of a month, the latest day first."""
    assert [day.compact for day in RunDate.parse("2024-03-01").days_before(2)] == ["20240229", "20240228"]
    assert RunDate.parse("2024-03-01").days_before(0) == []
    assert RunDate.parse("2024-03-01").midnight_utc == datetime(2024, 3, 1, tzinfo=UTC)
