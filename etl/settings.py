"""What a deployed function is told by its environment, and what a run is told by its input."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from etl.errors import ParametersError, SettingsError

DEFAULT_S3_OBJECT_KEY = "devices-raw-data.json"

# setting -> environment variable; serverless.yml gives each function these, a contract test holds them together
VARIABLES = {
    "devices_table_name": "DEVICES_TABLE_NAME",
    "raw_bucket_name": "DEVICES_RAW_DATA_BUCKET_NAME",
    "analytics_bucket_name": "DEVICES_DATA_ANALYTICS_BUCKET_NAME",
    "time_zone": "ETL_TIME_ZONE",
    "max_quarantine": "ETL_MAX_QUARANTINE",
    "csv_encoding": "ETL_CSV_ENCODING",
}


@dataclass(frozen=True)
class Settings:
    """The settings of a deployed stage.

    Attributes
    ----------
    devices_table_name, raw_bucket_name, analytics_bucket_name
        Physical names; they carry the stage.
    time_zone
        IANA name of the zone in which a run has its date and a day its hours.
    max_quarantine
        Largest share of quarantined records, 0 to 1, that a run may have.
    csv_encoding
        ``utf-8``, or ``utf-8-sig`` for spreadsheets that want a byte order mark.
    """

    devices_table_name: str
    raw_bucket_name: str
    analytics_bucket_name: str
    time_zone: str
    max_quarantine: float
    csv_encoding: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the settings from `environment` (default: the process's own).

        Raises
        ------
        SettingsError
            Variables are missing or blank, or a value is out of its range; all problems in one message.
        """
        env = os.environ if environment is None else environment
        problems = [f"{variable} is not set" for variable in VARIABLES.values() if not env.get(variable, "").strip()]
        if problems:
            raise SettingsError(f"environment: {'; '.join(problems)}. Set it in serverless.yml, provider.environment.")
        values = {name: env[variable] for name, variable in VARIABLES.items()}
        return cls(
            devices_table_name=values["devices_table_name"],
            raw_bucket_name=values["raw_bucket_name"],
            analytics_bucket_name=values["analytics_bucket_name"],
            time_zone=_time_zone(values["time_zone"]),
            max_quarantine=_share(values["max_quarantine"]),
            csv_encoding=_encoding(values["csv_encoding"]),
        )


def run_date_of(started_at: str, time_zone: str) -> str:
    """Return the date of an execution that started, or was to start, at `started_at`, as it is in `time_zone`.

    Parameters
    ----------
    started_at
        ISO 8601 instant with an offset or ``Z``, as Step Functions and EventBridge Scheduler give it (UTC).
    time_zone
        IANA name.

    Returns
    -------
    str
        ``YYYY-MM-DD``.

    Raises
    ------
    ParametersError
        `started_at` is no such instant.

    Examples
    --------
    Half past midnight in Tokyo is still the day before in UTC:

    >>> run_date_of("2021-03-22T15:30:00.000Z", "Asia/Tokyo")
    '2021-03-23'
    """
    try:
        instant = datetime.fromisoformat(started_at)
    except (TypeError, ValueError):
        instant = None
    if instant is None or instant.tzinfo is None:
        raise ParametersError(
            f"start: found {started_at!r:.40}; expected an instant with its offset, such as 2021-03-22T15:30:00Z."
        )
    return instant.astimezone(ZoneInfo(time_zone)).date().isoformat()


def checked_run_date(run_date: object) -> str:
    """Return `run_date` if it is a date written ``YYYY-MM-DD``.

    Raises
    ------
    ParametersError
        It is anything else.

    Examples
    --------
    >>> checked_run_date("2021-03-23")
    '2021-03-23'
    """
    try:
        if isinstance(run_date, str) and date.fromisoformat(run_date).isoformat() == run_date:
            return run_date
    except ValueError:
        pass
    raise ParametersError(f"run_date: found {run_date!r:.40}; expected a date written YYYY-MM-DD, such as 2021-03-23.")


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingsError(
            f"ETL_TIME_ZONE: found {name!r:.60}; expected an IANA time zone, such as Asia/Tokyo."
        ) from None
    return name


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise SettingsError(f"ETL_MAX_QUARANTINE: found {text!r:.60}; expected a share from 0 to 1, such as 0.05.")
    return share


def _encoding(name: str) -> str:
    if name not in ("utf-8", "utf-8-sig"):
        raise SettingsError(f"ETL_CSV_ENCODING: found {name!r:.60}; expected utf-8 or utf-8-sig.")
    return name
