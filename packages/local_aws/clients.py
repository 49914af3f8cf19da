"""boto3 clients that ignore all settings of the user."""

import os
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES

from local_aws.environment import ACCESS_KEY, SECRET_KEY

_FILES = ("config_file", "credentials_file")


class ClientFactory:
    """Builds clients for one endpoint and region.

    It ignores environment variables (``AWS_PROFILE``, ``AWS_ENDPOINT_URL_S3``, ``HTTP_PROXY``, ...) and the user's
    configuration files.
    """

    def __init__(self, endpoint_url: str, region: str) -> None:
        self._endpoint_url = endpoint_url
        self._region = region
        self._session = boto3.Session(botocore_session=_isolated_session(), region_name=region)

    def client(self, service: str) -> Any:
        """Return a boto3 client of `service`, such as ``"s3"``."""
        return self._session.client(
            service,
            endpoint_url=self._endpoint_url,
            region_name=self._region,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            # A function may run for 15 minutes; a retry would run it twice.
            config=Config(proxies={}, read_timeout=930, retries={"total_max_attempts": 1}),
        )


def _isolated_session() -> Any:
    """Return a botocore session with default settings, whatever environment variables and files there are."""
    variables = {
        name: (key, None, os.devnull if name in _FILES else default, convert)
        for name, (key, _, default, convert) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()
    }
    return botocore.session.Session(session_vars=variables)
