"""Where a function finds its files: on Lambda at fixed paths, outside a sandbox wherever they are on this machine."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from local_aws.functions.deployed_function import DeployedFunction, FunctionCode


@dataclass(frozen=True)
class FilesystemLayout:
    """Folders as the function sees them.

    Attributes
    ----------
    task, opt
        The function's code and its layers.
    runtime, lang
        The runtime client and the function's Python.
    tmp
        The only folder that the function may write to.
    """

    task: str
    opt: str
    runtime: str
    lang: str
    tmp: str

    def translate(self, search_path: str) -> str:
        """Return a search path of Lambda's folders as one of this layout's folders.

        Examples
        --------
        >>> FilesystemLayout("/code", "/layers", "/client", "/py", "/x").translate("/opt/python:/var/task:/optional")
        '/layers/python:/code:/optional'
        """
        roots = {LAMBDA_LAYOUT.task: self.task, LAMBDA_LAYOUT.opt: self.opt, LAMBDA_LAYOUT.runtime: self.runtime}
        parts = search_path.split(os.pathsep)
        for index, part in enumerate(parts):
            for root, local in roots.items():
                if f"{part}/".startswith(f"{root}/"):
                    parts[index] = local + part.removeprefix(root)
        return os.pathsep.join(parts)


LAMBDA_LAYOUT = FilesystemLayout("/var/task", "/opt", "/var/runtime", "/var/lang", "/tmp")  # noqa: S108


def local_layout(code: FunctionCode, private_tmp: Path) -> FilesystemLayout:
    """Return the layout of a function without a sandbox; code in the working tree has only a task and a tmp folder."""
    lang, runtime = (str(code.python.lang), str(code.python.runtime)) if code.python else ("", "")
    return FilesystemLayout(str(code.task_root), str(code.opt_root or ""), runtime, lang, str(private_tmp))


def runtime_command(function: DeployedFunction, layout: FilesystemLayout) -> list[str]:
    """Return the command that starts a function's runtime."""
    python = function.code.python
    if python is None:
        return [sys.executable, "-m", "awslambdaric", function.handler]
    return [f"{layout.lang}/bin/python{python.version}", f"{layout.runtime}/bootstrap.py", layout.opt, function.handler]
