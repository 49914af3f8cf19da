"""What a function instance needs to know of a deployed function, and where its code is."""

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
    """Where a function's code lies on this machine.

    Attributes
    ----------
    task_root
        The folder that stands for Lambda's ``/var/task``.
    opt_root
        The folder that stands for ``/opt``, all layers laid over each other; None when there is none.
    python
        What deployed code runs with; None for code in the working tree, which runs with our own Python and packages.
    """

    task_root: Path
    opt_root: Path | None = None
    python: IsolatedPython | None = None


CodeSource = Callable[[dict[str, Any]], FunctionCode | None]
"""Takes the answer of Lambda's ``GetFunction``; returns the code, or None when it is not for this source to say."""


@dataclass(frozen=True)
class DeployedFunction:
    """A deployed function; instances of an equal one are interchangeable.

    Attributes
    ----------
    arn
        As the caller named it, with the qualifier if there was one.
    timeout_seconds, memory_mb, tmp_mb
        Limits; those of memory and of ``/tmp`` hold in the sandbox only.
    variables
        The function's own environment, as sorted pairs.
    revision
        Changes with each deployment, so that no warm instance outlives its code.
    """

    name: str
    arn: str = field(compare=False)
    version: str
    runtime: str
    handler: str
    timeout_seconds: int
    memory_mb: int
    tmp_mb: int
    variables: tuple[tuple[str, str], ...]
    revision: str
    code: FunctionCode


def working_tree(function: dict[str, Any]) -> FunctionCode | None:
    """Return the code of a function that carries the tag ``local-aws:code-dir``: an absolute path."""
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
        Asked in turn where the code is; the first answer counts.

    Raises
    ------
    FunctionNotFoundError
        No such function is deployed.
    CodeNotFoundError
        No source knows its code, or the folder it names does not exist.
    LocalAwsError
        A source's own errors.
    """
    try:
        answer = client.get_function(FunctionName=name, **({"Qualifier": qualifier} if qualifier else {}))
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        raise FunctionNotFoundError(f"Function not found: {name}{':' + qualifier if qualifier else ''}") from error
    found = answer["Configuration"]
    variables = found.get("Environment", {}).get("Variables", {})
    return DeployedFunction(
        name=found["FunctionName"],
        arn=found["FunctionArn"],
        version=found["Version"],
        runtime=found.get("Runtime", ""),
        handler=found["Handler"],
        timeout_seconds=int(found["Timeout"]),
        memory_mb=int(found["MemorySize"]),
        tmp_mb=int(found.get("EphemeralStorage", {}).get("Size", 512)),
        variables=tuple(sorted(variables.items())),
        revision=str(found["LastModified"]),
        code=_locate(answer, sources),
    )


def _locate(answer: dict[str, Any], sources: Sequence[CodeSource]) -> FunctionCode:
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
