"""The environment of a function instance: what AWS documents for Lambda, the function's own, and nothing of ours.

See https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html. There is no HOME, as there.
"""

import os
from pathlib import Path

from local_aws.deployed_function import DeployedFunction
from local_aws.environment import aws_environment, inherited_environment
from local_aws.processes import MARK


def instance_environment(
    function: DeployedFunction,
    *,
    endpoint_url: str,
    region: str,
    runtime_api: str,
    log_stream: str,
    private_tmp: Path,
    mark: str,
) -> dict[str, str]:
    """Return all variables of a new instance.

    Parameters
    ----------
    function
        Its own variables win over the inherited ones, but not over what Lambda reserves; its ``PYTHONPATH`` comes after
        the code's folder.
    endpoint_url, region
        The embedded AWS.
    runtime_api
        Host and port of the instance's Runtime API.
    log_stream
        Where its output goes.
    private_tmp
        Stands for Lambda's ``/tmp``, which no other instance shares.
    mark
        Tells the processes of this instance from all others.
    """
    own = dict(function.variables)
    return {
        "LANG": "en_US.UTF-8",
        **inherited_environment(),
        "TZ": ":UTC",
        "PYTHONUNBUFFERED": "1",
        "TMPDIR": str(private_tmp),
        **own,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(function.code.task_root), own.get("PYTHONPATH")])),
        **aws_environment(endpoint_url, region),
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "LAMBDA_TASK_ROOT": str(function.code.task_root),
        "_HANDLER": function.handler,
        MARK: mark,
    }
