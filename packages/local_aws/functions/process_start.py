"""Start the process of a function instance, in a sandbox or without one."""

import os
import subprocess
import tempfile
from pathlib import Path
from typing import IO

from local_aws.functions.deployed_function import DeployedFunction
from local_aws.functions.environment_variables import Links, instance_environment
from local_aws.functions.filesystem_layout import ON_LAMBDA, command, places_here
from local_aws.functions.sandbox import sandbox_arguments, write_accounts
from local_aws.processes import MARK


def start_plainly(function: DeployedFunction, links: Links, folder: Path, sink: IO[bytes]) -> "subprocess.Popen[bytes]":
    """Start a function as a process like any other.

    Parameters
    ----------
    links
        What ties the instance to its surroundings.
    folder
        The instance's own; its ``/tmp`` lies there.
    sink
        Takes what it prints.
    """
    private_tmp = folder / "tmp"
    private_tmp.mkdir()
    places = places_here(function.code, private_tmp)
    # A session of its own: the terminal's Ctrl-C is for the owner, who then ends the instances.
    return subprocess.Popen(
        command(function, places),
        cwd=function.code.task_root,
        env=instance_environment(function, places, links),
        stdin=subprocess.DEVNULL,
        stdout=sink,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def start_in_sandbox(
    function: DeployedFunction, links: Links, folder: Path, sink: IO[bytes]
) -> "subprocess.Popen[bytes]":
    """Start a function of deployed code in a sandbox; parameters as in `start_plainly`.

    Variables do not show in the list of processes: bwrap reads them, and all else, from a file without a name.
    """
    assert function.code.python  # noqa: S101 - tells the type checker
    accounts = folder / "etc"
    write_accounts(accounts)
    environment = instance_environment(function, ON_LAMBDA, links)
    arguments = sandbox_arguments(
        function.code, function.code.python, environment, tmp_mb=function.tmp_mb, accounts=accounts
    )
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write("\0".join(arguments).encode() + b"\0")
        file.seek(0)
        return subprocess.Popen(
            ["bwrap", "--args", str(file.fileno()), "--", *command(function, ON_LAMBDA)],
            env={"PATH": os.environ.get("PATH", os.defpath), MARK: links.mark},
            pass_fds=[file.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
