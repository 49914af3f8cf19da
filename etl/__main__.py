"""Start the command line; what it imports takes a moment, in which Ctrl-C must be as quiet as later."""

import os
import signal
import sys


def main() -> int:
    """Run the command that the arguments name; return its exit code."""
    try:
        try:
            from etl.cli.main import main as run  # noqa: PLC0415 - see above
        except ModuleNotFoundError as error:
            # `pip install .` without the extra installs what the functions need
            sys.stderr.write(
                f"etl: found no module {error.name}; expected the packages of the command line. "
                "Install them in a clone of the project: 'make setup', or pip install '.[local]'.\n"
            )
            return 2
        return run()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # whoever read our output ("etl run ... | head") has seen enough; Python must not try to write the rest
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE


if __name__ == "__main__":
    sys.exit(main())
