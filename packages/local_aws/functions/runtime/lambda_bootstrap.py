"""Start the runtime client for deployed code, as the bootstrap of Lambda's own Python runtimes does.

The function's Python runs it as a script, without this package: ``bootstrap.py OPT HANDLER``. Deployed code and layers
come first on ``sys.path``; child processes have neither, unless the function sets ``PYTHONPATH``, as on Lambda.
"""

import os
import site
import sys


def main() -> None:
    """Set the search path and run the function's handler until the process is ended."""
    task, opt = os.environ["LAMBDA_TASK_ROOT"], sys.argv.pop(1)
    own = [task]
    if "PYTHONPATH" not in os.environ:
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        own += [f"{opt}/python/lib/{version}/site-packages", f"{opt}/python"]
        os.environ["PYTHONPATH"] = os.environ["LAMBDA_RUNTIME_DIR"]
    sys.path[:0] = own
    for folder in own:
        site.addsitedir(folder)  # for .pth files in it
    from awslambdaric.__main__ import main as run  # type: ignore[import-untyped]  # noqa: PLC0415 - the path is new

    run(sys.argv)


if __name__ == "__main__":
    main()
