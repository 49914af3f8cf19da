"""Start the runtime client in an instance of deployed code, as the bootstrap of Lambda's own Python runtimes does.

It runs as a script, by the function's Python and without this package: ``bootstrap.py OPT HANDLER``. Deployed code and
layers come first on ``sys.path``; children see neither, unless the function sets ``PYTHONPATH``, as on Lambda.
"""

import os
import site
import sys


def main() -> None:
    """Set the search path up and run the function's handler until the instance ends."""
    task, opt = os.environ["LAMBDA_TASK_ROOT"], sys.argv.pop(1)
    ours = [task]
    if "PYTHONPATH" not in os.environ:
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        ours += [f"{opt}/python/lib/{version}/site-packages", f"{opt}/python"]
        os.environ["PYTHONPATH"] = os.environ["LAMBDA_RUNTIME_DIR"]
    sys.path[:0] = ours
    for folder in ours:
        site.addsitedir(folder)  # for .pth files in it
    from awslambdaric.__main__ import main as run  # type: ignore[import-untyped]  # noqa: PLC0415 - the path is new

    run(sys.argv)


if __name__ == "__main__":
    main()
