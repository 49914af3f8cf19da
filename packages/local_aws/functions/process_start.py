"""Start the process of an execution environment, in a sandbox or without one."""

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from local_aws.functions.deployed_function import DeployedFunction
from local_aws.functions.environment_variables import function_environment
from local_aws.functions.filesystem_layout import LAMBDA_LAYOUT, local_layout, runtime_command
from local_aws.functions.sandbox import sandbox_arguments, write_accounts
from local_aws.processes import ID_VARIABLE


def start_process(
    function: DeployedFunction, reserved: Mapping[str, str], folder: Path, sink: IO[bytes], *, is_sandboxed: bool
) -> "subprocess.Popen[bytes]":
    """Start a function's runtime.

    Parameters
    ----------
    reserved
        See `function_environment`.
    folder
        The execution environment's private folder; ``/tmp`` is in it when there is no sandbox.
    sink
        Receives stdout and stderr.
    is_sandboxed
        For deployed code only.
    """
    with contextlib.ExitStack() as stack:
        cwd, descriptors = None, []
        if is_sandboxed:
            # bwrap reads its arguments from a file without a name: a list of processes must not show the variables.
            write_accounts(folder / "etc")
            variables = function_environment(function, LAMBDA_LAYOUT, reserved)
            arguments = sandbox_arguments(function.code, variables, tmp_mb=function.tmp_mb, accounts=folder / "etc")
            file = stack.enter_context(tempfile.TemporaryFile(dir=folder))
            file.write("\0".join(arguments).encode() + b"\0")
            file.seek(0)
            descriptors = [file.fileno()]
            command = ["bwrap", "--args", str(file.fileno()), "--", *runtime_command(function, LAMBDA_LAYOUT)]
            environment = {"PATH": os.environ.get("PATH", os.defpath), ID_VARIABLE: reserved[ID_VARIABLE]}
        else:
            (folder / "tmp").mkdir()
            layout = local_layout(function.code, folder / "tmp")
            command, cwd = runtime_command(function, layout), function.code.task_root
            environment = function_environment(function, layout, reserved)
        return subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
            pass_fds=descriptors,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that the terminal's Ctrl-C reaches the owner only, which then ends the process
        )
