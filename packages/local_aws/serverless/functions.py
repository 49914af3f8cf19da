"""The functions of a serverless file: their names in references, and their settings."""

from collections.abc import Mapping
from typing import Any

from local_aws.cloudformation.intrinsics import Intrinsics, Resource
from local_aws.errors import DeployError

_TIMEOUT_SECONDS = 6  # Serverless' default
_MEMORY_MB = 1024  # Serverless' default
_RUNTIME = "python3.13"


def function_resources(names: Mapping[str, str]) -> dict[str, Resource]:
    """Return functions by key and by the logical id that Serverless makes of it; `names` are by key.

    Examples
    --------
    >>> sorted(function_resources({"load_file": "shop-dev-load_file"}))
    ['LoadUnderscorefileLambdaFunction', 'load_file']
    """
    resources = {}
    for key, name in names.items():
        plain = key.replace("-", "Dash").replace("_", "Underscore")
        resource = Resource("AWS::Lambda::Function", name)
        resources.update({key: resource, f"{plain[:1].upper()}{plain[1:]}LambdaFunction": resource})
    return resources


def function_settings(
    spec: Mapping[str, Any],
    provider: Mapping[str, Any],
    extra: Mapping[str, str],
    intrinsics: Intrinsics,
    where: str,
) -> dict[str, Any]:
    """Return a function's settings as Lambda's ``CreateFunction`` takes them.

    Parameters
    ----------
    spec
        The function in the serverless file.
    provider
        The file's defaults: ``runtime``, ``timeout``, ``memorySize``, ``environment``.
    extra
        Variables that override those of both.
    intrinsics
        Resolves references in variables.
    where
        File and path of the function, for errors.

    Raises
    ------
    DeployError
        It has no handler, or a variable is no text, number or boolean.
    """
    if not isinstance(spec.get("handler"), str):
        raise DeployError(f"{where}.handler: found {spec.get('handler')!r}; expected 'module.function'")
    declared = {**(provider.get("environment") or {}), **(spec.get("environment") or {}), **extra}
    return {
        "Handler": spec["handler"],
        "Runtime": spec.get("runtime") or provider.get("runtime") or _RUNTIME,
        "Timeout": int(spec.get("timeout") or provider.get("timeout") or _TIMEOUT_SECONDS),
        "MemorySize": int(spec.get("memorySize") or provider.get("memorySize") or _MEMORY_MB),
        "Environment": {
            "Variables": {
                name: _as_text(intrinsics.resolve(value, f"{where}.environment.{name}"), f"{where}.environment.{name}")
                for name, value in declared.items()
            }
        },
    }


def _as_text(value: Any, where: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise DeployError(f"{where}: found {type(value).__name__}; expected text, a number or a boolean")
