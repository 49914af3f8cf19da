"""The date of a run: which day it joins, and which names and time bounds follow from that day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from etl.errors import ParametersError


@dataclass(frozen=True, order=True)
class RunDate:
    """A calendar day in the time zone of the settings; its text is ``YYYY-MM-DD``.

    Examples
    --------
    >>> RunDate.parse("2021-03-01").compact, [str(day) for day in RunDate.parse("2021-03-01").days_before(2)]
    ('20210301', ['2021-02-28', '2021-02-27'])
    """

    day: date

    @classmethod
    def parse(cls, text: object, *, allow_compact: bool = False) -> RunDate:
        """Read a date written ``YYYY-MM-DD``, or also ``YYYYMMDD`` with `allow_compact`; a `RunDate` is returned.

        Raises
        ------
        ParametersError
            `text` is anything else.

        Examples
        --------
        >>> str(RunDate.parse("2021-03-23")), str(RunDate.parse("20210323", allow_compact=True))
        ('2021-03-23', '2021-03-23')
        """
        if isinstance(text, cls):
            return text
        try:
            if isinstance(text, str):
                run_date = cls(date.fromisoformat(text))
                if text == str(run_date) or (allow_compact and text == run_date.compact):
                    return run_date
        except ValueError:
            pass
        raise ParametersError(f"run_date: found {text!r:.40}; expected a date written YYYY-MM-DD, such as 2021-03-23.")

    @classmethod
    def of_instant(cls, started_at: str, time_zone: str) -> RunDate:
        """Return the date of an execution that started, or was scheduled to start, at an instant.

        Parameters
        ----------
        started_at
            ISO 8601 with an offset or ``Z``, as Step Functions and EventBridge Scheduler write it (UTC).
        time_zone
            IANA name of the zone whose date is returned.

        Raises
        ------
        ParametersError
            `started_at` is no such instant.

        Examples
        --------
        Half past midnight in Tokyo is still the day before in UTC:

        >>> str(RunDate.of_instant("2021-03-22T15:30:00.000Z", "Asia/Tokyo"))
        '2021-03-23'
        """
        try:
            instant = datetime.fromisoformat(started_at)
            day = instant.astimezone(ZoneInfo(time_zone)).date() if instant.tzinfo else None
        except (TypeError, ValueError, OverflowError):  # OverflowError: its date in the zone is outside years 1 to 9999
            day = None
        if day is None:
            raise ParametersError(
                f"start: found {started_at!r:.40}; expected an instant with its offset, such as 2021-03-22T15:30:00Z."
            )
        return cls(day)

    def __str__(self) -> str:
        return self.day.isoformat()

    @property
    def compact(self) -> str:
        """The date as keys and folders write it, ``YYYYMMDD``."""
        return str(self).replace("-", "")

    @property
    def midnight_utc(self) -> datetime:
        """The instant at which the day begins in UTC."""
        return datetime.combine(self.day, datetime.min.time(), UTC)

    def days_before(self, n_days: int) -> list[RunDate]:
        """Return the days before this one, the latest first."""
        return [RunDate(self.day - timedelta(days=n)) for n in range(1, n_days + 1)]
