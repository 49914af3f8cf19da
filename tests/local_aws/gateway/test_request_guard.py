"""Tests of the requests that the gateway denies."""

import pytest

from local_aws.gateway.request_guard import config_denial_reason, denial_reason, is_moto_config


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "http://s3.amazonaws.com/b/k"),
        ("GET", "HTTPS://127.0.0.1/b"),
        ("CONNECT", "s3.amazonaws.com:443"),
        ("CONNECT", "/"),
        ("OPTIONS", "*"),
    ],
)
def test_a_target_that_is_no_path_is_denied(method: str, target: str) -> None:
    """Denies to be a proxy, also to the gateway itself."""
    assert "this gateway is no proxy" in str(denial_reason(method, target, {}))


@pytest.mark.parametrize(
    "target",
    [
        "/moto-api/proxy/passthrough",
        "/moto-api/recorder/replay-recording?x=1",
        "/moto-api/recorder/upload-recording",
        "/%6doto-api/proxy/passthrough",
        "//moto-api/proxy/passthrough",
    ],
)
def test_requests_that_make_moto_send_requests_are_denied(target: str) -> None:
    """Denies these paths also when they are percent-encoded or have two slashes."""
    assert "never leaves this machine" in str(denial_reason("POST", target, {}))


@pytest.mark.parametrize("host", ["127.0.0.1:5000", "localhost:5000", "[::1]:5000", "bucket.localhost:5000", ""])
def test_a_request_for_this_machine_passes(host: str) -> None:
    """Accepts this machine's address and name, and S3's virtual-hosted style."""
    assert denial_reason("GET", "/bucket/key", {"Host": host}) is None


@pytest.mark.parametrize("host", ["s3.amazonaws.com", "evil.example:5000", "localhost.evil.example", "10.0.0.1"])
def test_a_request_for_another_machine_is_denied(host: str) -> None:
    """Denies a Host header of another machine, as in DNS rebinding."""
    assert "meant for another machine" in str(denial_reason("GET", "/", {"Host": host}))


def test_a_web_page_is_denied() -> None:
    """Denies requests of a remote web page's script, and accepts those of a local page."""
    assert "a web page must not" in str(denial_reason("POST", "/", {"Origin": "https://evil.example"}))
    assert "a web page must not" in str(denial_reason("POST", "/", {"Origin": "null"}))
    assert denial_reason("POST", "/", {"Origin": "http://localhost:8888"}) is None


@pytest.mark.parametrize(
    "target", ["/moto-api/config", "/moto-api/config?x", "/moto%2Dapi/config", "//moto-api/config"]
)
def test_the_configuration_is_recognised(target: str) -> None:
    """Recognises the path also when it is percent-encoded or has two slashes."""
    assert is_moto_config(target)


@pytest.mark.parametrize("config", [{"core": {}}, {"lambda": {}, "core": {}}, {"iam": {}}, [], None, "x"])
def test_only_known_settings_pass(config: object) -> None:
    """Denies every setting but the known ones, above all those of ``core``, which can lead to AWS."""
    assert config_denial_reason(config)
    assert config_denial_reason({"stepfunctions": {"execute_state_machine": False}}) is None
