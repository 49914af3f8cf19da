"""What a serverless file declares, as far as a local run needs it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_aws.environment import ACCOUNT_ID
from local_aws.errors import ServiceFileError
from local_aws.serverless.variable_sources import Sources
from local_aws.serverless.variables import Variables

_PROVIDER_KEYS = ("runtime", "timeout", "memorySize", "environment")


@dataclass(frozen=True)
class ServiceFile:
    """A serverless file, all variables resolved; CloudFormation's intrinsic functions are still in it.

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
    """Read a serverless file; sections that a local run does not need may hold what they like.

    Parameters
    ----------
    path
        The file.
    stage
        ``${sls:stage}`` and ``${opt:stage}``.
    region
        ``${aws:region}`` and ``${opt:region}``.
    stack_output
        Returns an output of a deployed stack, or `local_aws.serverless.variable_sources.MISSING`.

    Raises
    ------
    ServiceFileError
        The file cannot be read, a variable has no value, or a section is not of the kind that it must be.
    """
    sources = Sources(
        folder=path.parent,
        options={"stage": stage, "region": region},
        fixed={"sls:stage": stage, "aws:region": region, "aws:accountId": ACCOUNT_ID},
        stack_output=stack_output,
    )
    variables = Variables(path, sources)
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
    """Return a section that is a mapping or a list of mappings, of which each one adds to the others."""
    value = variables.get(address, {})
    parts = value if isinstance(value, list) else [value]
    for part in parts:
        if not isinstance(part, dict):
            raise ServiceFileError(f"{variables.path}: {address}: found {type(part).__name__}; expected a mapping")
    return parts


def _merged(parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {key: item for part in parts for key, item in part.items()}
