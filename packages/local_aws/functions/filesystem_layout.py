"""Where a function finds its parts: on Lambda at fixed paths, outside a sandbox wherever they lie on this machine."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from local_aws.functions.deployed_function import DeployedFunction, FunctionCode


@dataclass(frozen=True)
class Places:
    """Folders as the function sees them.

    Attributes
    ----------
    task
        Its code.
    opt
        Its layers.
    runtime
        The runtime client.
    lang
        Its Python.
    tmp
        The only one that it may write to.
    """

    task: str
    opt: str
    runtime: str
    lang: str
    tmp: str

    def translated(self, search_path: str) -> str:
        """Return a search path that was written for Lambda as it must be here.

        Examples
        --------
        >>> Places("/code", "/layers", "/client", "/py", "/x").translated("/opt/python:/var/task:/optional")
        '/layers/python:/code:/optional'
        """
        roots = {ON_LAMBDA.task: self.task, ON_LAMBDA.opt: self.opt, ON_LAMBDA.runtime: self.runtime}
        parts = search_path.split(os.pathsep)
        for index, part in enumerate(parts):
            for root, here in roots.items():
                if f"{part}/".startswith(f"{root}/"):
                    parts[index] = here + part.removeprefix(root)
        return os.pathsep.join(parts)


ON_LAMBDA = Places(task="/var/task", opt="/opt", runtime="/var/runtime", lang="/var/lang", tmp="/tmp")  # noqa: S108


def places_here(code: FunctionCode, private_tmp: Path) -> Places:
    """Return where a function without a sandbox finds its parts; code of the working tree has a task and a tmp only."""
    lang, runtime = (str(code.python.lang), str(code.python.runtime)) if code.python else ("", "")
    opt = str(code.opt_root) if code.opt_root else ""
    return Places(task=str(code.task_root), opt=opt, runtime=runtime, lang=lang, tmp=str(private_tmp))


def command(function: DeployedFunction, places: Places) -> list[str]:
    """Return the command that runs an instance of a function."""
    python = function.code.python
    if python is None:
        return [sys.executable, "-m", "awslambdaric", function.handler]
    return [
        f"{places.lang}/bin/python{python.version}",
        f"{places.runtime}/bootstrap.py",
        places.opt,
        function.handler,
    ]
