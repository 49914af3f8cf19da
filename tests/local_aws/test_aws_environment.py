"""Tests of the variables that lead processes to the embedded AWS."""

import os
from pathlib import Path

import pytest

from local_aws.environment import aws_environment, inherited_environment, is_loopback, merged_environment

_URL = "http://127.0.0.1:5000"


def test_a_child_inherits_nothing_of_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passes PATH and the like to child processes, and no credentials."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "users")
    monkeypatch.setenv("HOME", "/home/user")
    assert set(inherited_environment()) <= {
        "PATH",
        "LANG",
        "LC_ALL",
        "LC_CTYPE",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "SYSTEMROOT",
    }


def test_everything_that_leads_a_client_is_set() -> None:
    """Sets endpoint, region and credentials, and disables the metadata service and the configuration files."""
    environment = aws_environment(_URL, "eu-west-1")
    assert environment["AWS_ENDPOINT_URL"] == _URL
    assert environment["AWS_REGION"] == environment["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert environment["AWS_EC2_METADATA_DISABLED"] == "true"
    assert environment["AWS_CONFIG_FILE"] == environment["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert "127.0.0.1" in environment["NO_PROXY"]


def test_a_users_service_endpoints_are_overridden(monkeypatch: pytest.MonkeyPatch) -> None:
    """Overrides each service endpoint of the user, which would override the general one."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "https://dynamodb.eu-west-1.amazonaws.com")
    environment = merged_environment(_URL, "eu-west-1", Path("/tmp/profile"))  # noqa: S108 - only a name
    assert environment["AWS_ENDPOINT_URL_DYNAMODB"] == _URL


def test_a_users_proxy_exceptions_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Adds loopback to the user's proxy exceptions."""
    monkeypatch.setenv("NO_PROXY", "intranet")
    environment = merged_environment(_URL, "eu-west-1", Path("/tmp/profile"))  # noqa: S108 - only a name
    assert environment["NO_PROXY"] == environment["no_proxy"] == "intranet,127.0.0.1,localhost"


@pytest.mark.parametrize("host", ["localhost", "0.0.0.0", "192.168.0.1", "::", "example.com", ""])  # noqa: S104
def test_only_a_literal_loopback_address_is_one(host: str) -> None:
    """Accepts no host name, because a name can lead anywhere."""
    assert not is_loopback(host)
    assert is_loopback("127.0.0.1")
    assert is_loopback("::1")
