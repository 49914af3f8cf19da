"""Environment variables that lead a process to the embedded AWS and away from the real AWS."""

import ipaddress
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ACCOUNT_ID = "123456789012"  # moto's default account
ACCESS_KEY = "local-aws"
SECRET_KEY = "local-aws"  # noqa: S105 - a dummy; moto checks nothing
SESSION_TOKEN = "local-aws"  # noqa: S105 - a dummy; moto checks nothing
LOOPBACK = "127.0.0.1"
_NO_PROXY = "127.0.0.1,localhost"
# What a child process inherits: how to find programs, how to write text, which certificates to trust.
_INHERITED = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "SSL_CERT_FILE", "SSL_CERT_DIR", "SYSTEMROOT")
_PROFILE = f"""\
[default]
aws_access_key_id = {ACCESS_KEY}
aws_secret_access_key = {SECRET_KEY}
"""


def inherited_environment() -> dict[str, str]:
    """Return the variables that a child process inherits from this process; none of them is AWS's."""
    return {name: os.environ[name] for name in _INHERITED if name in os.environ}


@contextmanager
def environment_variables(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables of this process, and of its children, until the block ends."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def aws_environment(endpoint_url: str, region: str) -> dict[str, str]:
    """Return variables with which an AWS client uses `endpoint_url`, `region` and dummy credentials, and no others.

    Examples
    --------
    >>> aws_environment("http://127.0.0.1:5000", "ap-northeast-1")["AWS_ENDPOINT_URL"]
    'http://127.0.0.1:5000'
    """
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_SESSION_TOKEN": SESSION_TOKEN,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": _NO_PROXY,
        "no_proxy": _NO_PROXY,
    }


def merged_environment(endpoint_url: str, region: str, profile_file: Path) -> dict[str, str]:
    """Return `aws_environment` and harmless values for variables of the user that would override it.

    A user's ``AWS_PROFILE`` would make clients fail on an empty configuration, an ``AWS_ENDPOINT_URL_S3`` would
    override ``AWS_ENDPOINT_URL``, and FIPS contradicts a fixed endpoint. `profile_file` is that of `write_profile`.
    """
    own_endpoints = {name: endpoint_url for name in os.environ if name.startswith("AWS_ENDPOINT_URL_")}
    proxies = ",".join(filter(None, [os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), _NO_PROXY]))
    return {
        **own_endpoints,
        **aws_environment(endpoint_url, region),
        "AWS_PROFILE": "default",
        "AWS_CONFIG_FILE": str(profile_file),
        "AWS_SHARED_CREDENTIALS_FILE": str(profile_file),
        "AWS_USE_FIPS_ENDPOINT": "false",
        "AWS_USE_DUALSTACK_ENDPOINT": "false",
        "NO_PROXY": proxies,
        "no_proxy": proxies,
    }


def write_profile(profile_file: Path) -> None:
    """Write a dummy ``[default]`` profile for `merged_environment`."""
    profile_file.write_text(_PROFILE, encoding="utf-8")


def is_loopback(host: str) -> bool:
    """Tell whether `host` is a literal loopback address; a host name is not, because it can lead anywhere.

    Examples
    --------
    >>> is_loopback("127.0.0.1"), is_loopback("s3.amazonaws.com"), is_loopback("10.0.0.1")
    (True, False, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
