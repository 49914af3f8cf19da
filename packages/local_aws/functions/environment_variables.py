"""The environment variables of a function: what AWS documents for Lambda, the function's own, and nothing of ours.

See https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html. As on Lambda there is no HOME.
"""

import os
from collections.abc import Mapping

from local_aws.environment import inherited_environment
from local_aws.functions.deployed_function import DeployedFunction
from local_aws.functions.filesystem_layout import LAMBDA_LAYOUT, FilesystemLayout

LAMBDA_PATH = "/usr/local/bin:/usr/bin/:/bin"
_SEARCH_PATHS = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH")


def function_environment(
    function: DeployedFunction, layout: FilesystemLayout, reserved: Mapping[str, str]
) -> dict[str, str]:
    """Return all variables of a new execution environment.

    Parameters
    ----------
    function
        Its own variables override inherited ones, but not those that Lambda reserves. In the working tree its
        ``PYTHONPATH`` comes after the code's folder; in deployed code it is used as it is, as on Lambda.
    layout
        Where the function finds its files.
    reserved
        Reserved variables that depend on the execution environment, such as its Runtime API and its log stream.
    """
    return {
        "LANG": "en_US.UTF-8",
        **({} if layout == LAMBDA_LAYOUT else {**inherited_environment(), "TMPDIR": layout.tmp}),
        "TZ": ":UTC",
        "PYTHONUNBUFFERED": "1",
        **(_deployed(function, layout) if function.code.python else _in_working_tree(function, layout)),
        **reserved,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
        "LAMBDA_TASK_ROOT": layout.task,
        "_HANDLER": function.handler,
    }


def _in_working_tree(function: DeployedFunction, layout: FilesystemLayout) -> dict[str, str]:
    own = dict(function.variables)
    return {**own, "PYTHONPATH": os.pathsep.join(filter(None, [layout.task, own.get("PYTHONPATH")]))}


def _deployed(function: DeployedFunction, layout: FilesystemLayout) -> dict[str, str]:
    own = {name: layout.translate(value) if name in _SEARCH_PATHS else value for name, value in function.variables}
    system = LAMBDA_PATH if layout == LAMBDA_LAYOUT else os.environ.get("PATH", os.defpath)
    libraries = [
        *(f"{layout.lang}/lib", "/lib64", "/usr/lib64", layout.runtime, f"{layout.runtime}/lib"),
        *(layout.task, f"{layout.task}/lib", f"{layout.opt}/lib"),
    ]
    return {
        "PATH": os.pathsep.join([f"{layout.lang}/bin", system, f"{layout.opt}/bin"]),
        "LD_LIBRARY_PATH": os.pathsep.join(libraries),
        **own,
        "LAMBDA_RUNTIME_DIR": layout.runtime,
    }
