"""What an execution environment needs to know of a deployed function, and where the function's code is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local_aws.errors import CodeNotFoundError, FunctionNotFoundError
from local_aws.functions.runtime.isolated_python import IsolatedPython

CODE_DIR_TAG = "local-aws:code-dir"


@dataclass(frozen=True)
class FunctionCode:
    """Where a function's code is on this machine.

    Attributes
    ----------
    task_root
        The folder that becomes Lambda's ``/var/task``.
    opt_root
        The folder that becomes ``/opt``, all layers merged; None without layers.
    python
        The Python of deployed code; None for the working tree, which runs with our own Python and packages.
    """

    task_root: Path
    opt_root: Path | None = None
    python: IsolatedPython | None = None


CodeSource = Callable[[dict[str, Any]], FunctionCode | None]
"""Takes the answer of Lambda's ``GetFunction``; returns the code, or None when this source does not know it."""


@dataclass(frozen=True)
class DeployedFunction:
    """A deployed function; equal functions can use each other's execution environments.

    Attributes
    ----------
    arn
        As the caller named it, with the qualifier if there was one.
    role_arn
        The role that it acts with.
    timeout_seconds, memory_mb, tmp_mb
        Limits; `memory_mb` and `tmp_mb` are enforced in the sandbox only.
    variables
        The function's own environment variables, as sorted pairs.
    revision
        Changes with each deployment, so that no idle execution environment runs old code.
    """

    name: str
    arn: str = field(compare=False)
    version: str
    role_arn: str
    runtime: str
    handler: str
    timeout_seconds: int
    memory_mb: int
    tmp_mb: int
    variables: tuple[tuple[str, str], ...]
    revision: str
    code: FunctionCode

    @property
    def log_group(self) -> str:
        """Its log group in CloudWatch Logs."""
        return f"/aws/lambda/{self.name}"


def working_tree(function: dict[str, Any]) -> FunctionCode | None:
    """Return the code of a function with the tag ``local-aws:code-dir``: an absolute path."""
    code_dir = function.get("Tags", {}).get(CODE_DIR_TAG)
    return FunctionCode(Path(code_dir)) if code_dir else None


def find_function(
    client: Any, name: str, *, qualifier: str | None = None, sources: Sequence[CodeSource] = (working_tree,)
) -> DeployedFunction:
    """Look a function up.

    Parameters
    ----------
    client
        A boto3 Lambda client.
    name
        The function's name or ARN.
    qualifier
        Version or alias.
    sources
        Asked in turn for the code; the first answer counts.

    Raises
    ------
    FunctionNotFoundError
        No such function is deployed.
    CodeNotFoundError
        No source knows its code, or the code's folder does not exist.
    LocalAwsError
        A source's own errors.
    """
    try:
        answer = client.get_function(FunctionName=name, **({"Qualifier": qualifier} if qualifier else {}))
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        raise FunctionNotFoundError(f"Function not found: {name}{':' + qualifier if qualifier else ''}") from error
    settings = answer["Configuration"]
    variables = settings.get("Environment", {}).get("Variables", {})
    return DeployedFunction(
        name=settings["FunctionName"],
        arn=settings["FunctionArn"],
        version=settings["Version"],
        role_arn=settings["Role"],
        runtime=settings.get("Runtime", ""),
        handler=settings["Handler"],
        timeout_seconds=int(settings["Timeout"]),
        memory_mb=int(settings["MemorySize"]),
        tmp_mb=int(settings.get("EphemeralStorage", {}).get("Size", 512)),
        variables=tuple(sorted(variables.items())),
        revision=str(settings["LastModified"]),
        code=_find_code(answer, sources),
    )


def _find_code(answer: dict[str, Any], sources: Sequence[CodeSource]) -> FunctionCode:
    name = answer["Configuration"]["FunctionName"]
    code = next((code for source in sources if (code := source(answer))), None)
    if code is None:
        raise CodeNotFoundError(
            f"{name}: no known code; found no tag '{CODE_DIR_TAG}' and no stack that made it from an archive in S3; "
            f"expected one of them. Deploy it with CloudFormation or local_aws.deploy_service, or tag it."
        )
    if not code.task_root.is_absolute() or not code.task_root.is_dir():
        raise CodeNotFoundError(
            f"{name}: its code is gone; found no folder '{code.task_root}'; expected an absolute path. Deploy again."
        )
    return code
