"""The settings of a deployed stage, which its functions read from their environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from etl.errors import SettingsError

DEFAULT_S3_OBJECT_KEY = "devices-raw-data.json"

# setting -> environment variable; a contract test compares them with those that serverless.yml gives each function
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
        Physical names, which contain the stage.
    time_zone
        IANA name of the zone that decides a run's date and the hours of a day.
    max_quarantine
        Largest share of quarantined records, 0 to 1, that a run may have.
    csv_encoding
        ``utf-8``, or ``utf-8-sig`` for spreadsheets that need a byte order mark.
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
            Variables are missing or blank, all of them in one message, or a value is out of its range.
        """
        env = os.environ if environment is None else environment
        problems = [f"{variable} is not set" for variable in VARIABLES.values() if not env.get(variable, "").strip()]
        if problems:
            raise SettingsError(f"environment: {'; '.join(problems)}. Set it in serverless.yml, provider.environment.")
        values: dict[str, Any] = {name: env[variable] for name, variable in VARIABLES.items()}
        for name, read in (("time_zone", _time_zone), ("max_quarantine", _share), ("csv_encoding", _encoding)):
            values[name] = read(values[name])
        return cls(**values)


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
