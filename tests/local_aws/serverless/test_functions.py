"""Tests of a function's settings."""

import pytest

from local_aws.cloudformation.intrinsics import Intrinsics, Resource
from local_aws.errors import DeployError
from local_aws.serverless.functions import function_settings

_INTRINSICS = Intrinsics("eu-west-1", "shop-dev", {"Store": Resource("AWS::S3::Bucket", "shop-store")})


def test_defaults_are_serverless_own() -> None:
    """Uses Serverless' defaults of six seconds and 1024 MB."""
    settings = function_settings({"handler": "a.b"}, {}, {}, _INTRINSICS, "f")
    assert (settings["Timeout"], settings["MemorySize"]) == (6, 1024)
    assert settings["Environment"] == {"Variables": {}}


def test_the_nearer_setting_wins() -> None:
    """Overrides the provider's settings by the function's, and both by the caller's."""
    provider = {
        "timeout": 30,
        "memorySize": 512,
        "environment": {"A": "p", "B": "p", "C": "p"},
        "runtime": "python3.12",
    }
    spec = {"handler": "a.b", "timeout": 60, "environment": {"B": {"Ref": "Store"}, "C": "f"}}
    settings = function_settings(spec, provider, {"C": "extra"}, _INTRINSICS, "f")
    assert (settings["Timeout"], settings["MemorySize"], settings["Runtime"]) == (60, 512, "python3.12")
    assert settings["Environment"]["Variables"] == {"A": "p", "B": "shop-store", "C": "extra"}


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({}, "f.handler: found None; expected 'module.function'"),
        ({"handler": "a.b", "environment": {"A": ["x"]}}, "f.environment.A: found list; expected text"),
        ({"handler": "a.b", "environment": {"A": None}}, "f.environment.A: found NoneType; expected text"),
    ],
)
def test_a_setting_that_lambda_cannot_have_is_an_error(spec: dict[str, object], problem: str) -> None:
    """Raises an error with the place in the file."""
    with pytest.raises(DeployError) as caught:
        function_settings(spec, {}, {}, _INTRINSICS, "f")
    assert str(caught.value).startswith(problem)
