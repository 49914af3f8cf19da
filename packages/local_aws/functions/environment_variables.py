"""The environment of a function instance: what AWS documents for Lambda, the function's own, and nothing of ours.

See https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html. There is no HOME, as there.
"""

import os
from dataclasses import dataclass

from local_aws.environment import aws_environment, inherited_environment
from local_aws.functions.deployed_function import DeployedFunction
from local_aws.functions.filesystem_layout import ON_LAMBDA, Places
from local_aws.processes import MARK

ON_LAMBDA_PATH = "/usr/local/bin:/usr/bin/:/bin"
_SEARCH_PATHS = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH")


@dataclass(frozen=True)
class Links:
    """What ties an instance to its surroundings.

    Attributes
    ----------
    endpoint_url, region
        The embedded AWS.
    runtime_api
        Host and port of the instance's Runtime API.
    log_stream
        Where its output goes.
    mark
        Tells the processes of this instance from all others.
    """

    endpoint_url: str
    region: str
    runtime_api: str
    log_stream: str
    mark: str


def instance_environment(function: DeployedFunction, places: Places, links: Links) -> dict[str, str]:
    """Return all variables of a new instance.

    Parameters
    ----------
    function
        Its own variables win over the inherited ones, but not over what Lambda reserves. In the working tree its
        ``PYTHONPATH`` comes after the code's folder; in deployed code it is what it says, as on Lambda.
    places
        Where the function finds its parts.
    """
    return {
        "LANG": "en_US.UTF-8",
        **({} if places == ON_LAMBDA else {**inherited_environment(), "TMPDIR": places.tmp}),
        "TZ": ":UTC",
        "PYTHONUNBUFFERED": "1",
        **(_deployed(function, places) if function.code.python else _in_working_tree(function, places)),
        **aws_environment(links.endpoint_url, links.region),
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": links.log_stream,
        "AWS_LAMBDA_RUNTIME_API": links.runtime_api,
        "LAMBDA_TASK_ROOT": places.task,
        "_HANDLER": function.handler,
        MARK: links.mark,
    }


def _in_working_tree(function: DeployedFunction, places: Places) -> dict[str, str]:
    own = dict(function.variables)
    return {**own, "PYTHONPATH": os.pathsep.join(filter(None, [places.task, own.get("PYTHONPATH")]))}


def _deployed(function: DeployedFunction, places: Places) -> dict[str, str]:
    own = {name: places.translated(value) if name in _SEARCH_PATHS else value for name, value in function.variables}
    system = ON_LAMBDA_PATH if places == ON_LAMBDA else os.environ.get("PATH", os.defpath)
    libraries = [
        *(f"{places.lang}/lib", "/lib64", "/usr/lib64", places.runtime, f"{places.runtime}/lib"),
        *(places.task, f"{places.task}/lib", f"{places.opt}/lib"),
    ]
    return {
        "PATH": os.pathsep.join([f"{places.lang}/bin", system, f"{places.opt}/bin"]),
        "LD_LIBRARY_PATH": os.pathsep.join(libraries),
        **own,
        "LAMBDA_RUNTIME_DIR": places.runtime,
    }
