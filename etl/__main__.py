"""Start the command line; what it imports takes a moment, in which Ctrl-C must be as quiet as later."""

import sys


def main() -> int:
    """Run the command that the arguments name; return its exit code."""
    try:
        from etl.cli import main as run  # noqa: PLC0415 - see above

        return run()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
