"""The part of a serverless file that a local run needs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_aws.environment import ACCOUNT_ID
from local_aws.errors import ServiceFileError
from local_aws.serverless.variables import Variables

_PROVIDER_KEYS = ("runtime", "timeout", "memorySize", "environment")


@dataclass(frozen=True)
class ServiceFile:
    """A serverless file with all variables resolved, but not CloudFormation's intrinsic functions.

    Attributes
    ----------
    path
        The file, for errors.
    stack_name
        ``<service>-<stage>``.
    provider
        The functions' defaults: ``runtime``, ``timeout``, ``memorySize``, ``environment``; None where not given.
    functions, state_machines
        By their key in the file.
    resources
        ``Resources`` and ``Outputs``.
    """

    path: Path
    stack_name: str
    provider: dict[str, Any]
    functions: dict[str, Any]
    state_machines: dict[str, Any]
    resources: dict[str, Any]

    @property
    def function_names(self) -> dict[str, str]:
        """The deployed functions' names, by their key in the file."""
        return {key: str(spec.get("name") or f"{self.stack_name}-{key}") for key, spec in self.functions.items()}


def read_service(path: Path, *, stage: str, region: str, stack_output: Callable[[str, str], Any]) -> ServiceFile:
    """Read a serverless file; sections that a local run does not need are not checked.

    Parameters
    ----------
    path
        The file.
    stage, region
        The values of ``${sls:stage}`` and ``${aws:region}``, and of the options with these names.
    stack_output
        See `Variables`.

    Raises
    ------
    ServiceFileError
        The file cannot be read, a variable has no value, or a section has the wrong type.
    """
    options = {"opt:stage": stage, "opt:region": region}
    values = {"sls:stage": stage, "aws:region": region, "aws:accountId": ACCOUNT_ID, **options}
    variables = Variables(path, values, stack_output)
    name = variables.get("service")
    if not isinstance(name, str):
        raise ServiceFileError(f"{path}: service: found {name!r}; expected the service's name")
    resources = _parts(variables, "resources")
    return ServiceFile(
        path=path,
        stack_name=f"{name}-{stage}",
        provider={key: variables.get(f"provider.{key}") for key in _PROVIDER_KEYS},
        functions=_merged(_parts(variables, "functions")),
        state_machines=_merged(_parts(variables, "stepFunctions.stateMachines")),
        resources={
            section: _merged([part.get(section) or {} for part in resources]) for section in ("Resources", "Outputs")
        },
    )


def _parts(variables: Variables, address: str) -> list[dict[str, Any]]:
    """Return the mappings of a section that is one mapping or a list of mappings."""
    value = variables.get(address, {})
    parts = value if isinstance(value, list) else [value]
    for part in parts:
        if not isinstance(part, dict):
            raise ServiceFileError(f"{variables.path}: {address}: found {type(part).__name__}; expected a mapping")
    return parts


def _merged(parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {key: item for part in parts for key, item in part.items()}
