"""Tests of what the gateway refuses."""

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
def test_a_target_that_is_no_path_is_refused(method: str, target: str) -> None:
    """The gateway is no proxy, not even for itself."""
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
def test_switches_that_make_moto_send_requests_are_refused(target: str) -> None:
    """However they are written."""
    assert "never leaves this machine" in str(denial_reason("POST", target, {}))


@pytest.mark.parametrize("host", ["127.0.0.1:5000", "localhost:5000", "[::1]:5000", "bucket.localhost:5000", ""])
def test_a_request_for_this_machine_passes(host: str) -> None:
    """By address and by name; S3's virtual-hosted style, too."""
    assert denial_reason("GET", "/bucket/key", {"Host": host}) is None


@pytest.mark.parametrize("host", ["s3.amazonaws.com", "evil.example:5000", "localhost.evil.example", "10.0.0.1"])
def test_a_request_for_another_machine_is_refused(host: str) -> None:
    """As when a name of somebody else is made to lead here (DNS rebinding)."""
    assert "meant for another machine" in str(denial_reason("GET", "/", {"Host": host}))


def test_a_web_page_is_refused() -> None:
    """A browser says where a script comes from; a local page may."""
    assert "a web page must not" in str(denial_reason("POST", "/", {"Origin": "https://evil.example"}))
    assert "a web page must not" in str(denial_reason("POST", "/", {"Origin": "null"}))
    assert denial_reason("POST", "/", {"Origin": "http://localhost:8888"}) is None


@pytest.mark.parametrize(
    "target", ["/moto-api/config", "/moto-api/config?x", "/moto%2Dapi/config", "//moto-api/config"]
)
def test_the_configuration_is_recognised(target: str) -> None:
    """However it is written."""
    assert is_moto_config(target)


@pytest.mark.parametrize("config", [{"core": {}}, {"lambda": {}, "core": {}}, {"iam": {}}, [], None, "x"])
def test_only_known_settings_pass(config: object) -> None:
    """Everything of ``core``, where passing through to AWS is switched, is refused."""
    assert config_denial_reason(config)
    assert config_denial_reason({"stepfunctions": {"execute_state_machine": False}}) is None
