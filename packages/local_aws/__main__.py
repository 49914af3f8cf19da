"""Run the embedded AWS in a terminal: ``python -m local_aws``."""

import argparse
import shlex
import signal
import sys
import threading
from pathlib import Path
from typing import NoReturn

from local_aws.embedded_aws import EmbeddedAws
from local_aws.errors import LocalAwsError
from local_aws.serverless.deploy import DeployedService, deploy_service

_EPILOG = """\
It listens on 127.0.0.1 only and prints the variables that make any AWS client use it; paste them into another terminal.
Ctrl-C or SIGTERM stops it and every process it started; what was stored in it is gone then.

exit status: 0 stopped, 1 it could not start or deploy (one line says why), 2 wrong usage

examples:
  python -m local_aws
  python -m local_aws --port 4566 --stage dev --deploy serverless-resources.yml serverless.yml
"""


def main(arguments: list[str] | None = None) -> int:
    """Run until stopped; return the exit status."""
    options = _parser().parse_args(arguments)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    try:
        with EmbeddedAws(region=options.region, port=options.port, sandbox=options.sandbox) as aws:
            for path in options.deploy:
                _print_service(deploy_service(aws, path, stage=options.stage))
            for name, value in sorted(aws.environment().items()):
                print(f"export {name}={shlex.quote(value)}")
            print("# Running. Ctrl-C stops it.", flush=True)
            threading.Event().wait()
    except KeyboardInterrupt:
        return 0
    except LocalAwsError as error:
        print(f"local_aws: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local_aws",
        description="An AWS for this machine: moto, with Lambda functions that run for real.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=_port, default=0, help="port on 127.0.0.1 (default: a free one)")
    parser.add_argument("--region", default="ap-northeast-1", help="region of everything (default: %(default)s)")
    parser.add_argument("--stage", default="local", help="stage to deploy (default: %(default)s)")
    parser.add_argument(
        "--sandbox",
        action="store_true",
        help="run functions that CloudFormation deployed in a sandbox like Lambda's; needs bubblewrap",
    )
    parser.add_argument(
        "--deploy",
        nargs="+",
        type=Path,
        default=[],
        metavar="FILE",
        help="serverless files to deploy in this order; functions run from each file's folder",
    )
    return parser


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:  # noqa: PLR2004 - the largest port
        raise argparse.ArgumentTypeError(f"found {text!r}; expected a number from 0 to 65535")
    return int(text)


def _print_service(service: DeployedService) -> None:
    print(f"# {service.stack_name}")
    for name in service.functions.values():
        print(f"#   function {name}")
    for arn in service.state_machines.values():
        print(f"#   state machine {arn}")


def _stop(*_: object) -> NoReturn:
    """Begin to stop; a second signal does not disturb it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
