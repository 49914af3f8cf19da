"""Deploy both stacks to a fresh embedded AWS with the real tools, run the deployed pipeline, and compare its result.

The functions run from the uploaded zips and layers, not from the working tree; where bubblewrap is installed, in a
sandbox like Lambda's.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import signal
import sys
import time
from collections.abc import Iterator

from etl.cli.sample import SAMPLE_RUN_DATE
from etl.errors import EtlError
from etl.runs.layout import published_key
from etl.storage.aws import EMBEDDED_ACCOUNT
from local_aws import EmbeddedAws, LocalAwsError, sandbox_missing
from osls import RESOURCES, OslsError, osls
from set_sample_data import load
from stages.execution import ExecutionError, run_once

STAGE, REGION = "local", "ap-northeast-1"
EXPECTED = """\
device_id,timestamp,power,user_id,type
device_u33nk7yy,1616506124,on,user_0001,TV
device_m6mww3ss,1616506165,on,user_0001,エアコン
device_u33nk7yy,1616506185,off,user_0001,TV
device_sd7ubc8s,1616506197,off,user_0002,TV
"""


def main() -> int:
    """Deploy, load the sample, invoke, compare; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true", help="keep it running afterwards, until Ctrl-C")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    started = time.monotonic()
    try:
        missing = sandbox_missing()
        print(f"Without sandbox: {missing}" if missing else "Functions run in a sandbox like Lambda's.", flush=True)
        with EmbeddedAws(region=REGION, sandbox=not missing) as aws:
            os.environ.update(aws.environment())
            deploy_and_run(aws)
            print("\n".join(["", *figures(aws), ""]))
            print(f"Deployed, ran and compared in {time.monotonic() - started:.1f} s.")
            if options.keep:
                for name, value in aws.environment().items():
                    print(f"  export {name}={value}")
                print("Ctrl-C stops it.", flush=True)
                signal.pause()
    except (OslsError, LocalAwsError, EtlError, ExecutionError, DeployedRunError) as error:
        print(f"deploy_local: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0 if options.keep else 130
    return 0


class DeployedRunError(Exception):
    """The deployed pipeline published another history than expected."""


def deploy_and_run(aws: EmbeddedAws) -> None:
    """Deploy both stacks to `aws`, load the sample, run the state machine and compare the published file."""
    # poll more often than by default: no step takes long here
    environment = {**os.environ, "SLS_AWS_MONITORING_FREQUENCY": "250"}
    with _step("deploy serverless-resources.yml"):
        osls("deploy", config=RESOURCES, stage=STAGE, region=REGION, environment=environment)
    with _step("deploy serverless.yml"):
        osls("deploy", stage=STAGE, region=REGION, environment=environment)
    with _step("load the sample"):
        load(STAGE, REGION)
    with _step("run BatchStateMachine"):
        machine = f"arn:aws:states:{REGION}:{EMBEDDED_ACCOUNT}:stateMachine:BatchStateMachine-{STAGE}"
        run_once(machine, {"run_date": SAMPLE_RUN_DATE}, stage=STAGE)
    with _step("compare the published file"):
        bucket = f"devices-data-analytics-{STAGE}-{EMBEDDED_ACCOUNT}-{REGION}"
        body = aws.client("s3").get_object(Bucket=bucket, Key=published_key(SAMPLE_RUN_DATE))["Body"].read().decode()
        if body != EXPECTED:
            raise DeployedRunError(f"the published file differs from the reference case:\n{body}")
    print(body, end="")


def figures(aws: EmbeddedAws) -> list[str]:
    """Return a table of INIT time, run time and memory of each function's first invocation, from its log."""
    lines = [f"{'function':<14}{'INIT s':>8}{'first run s':>13}{'memory MB':>11}{'of':>6}"]
    logs = aws.client("logs")
    for function in ("load_file", "data_join", "check_output"):
        group = f"/aws/lambda/device-operation-history-{STAGE}-{function}"
        events = logs.filter_log_events(logGroupName=group)["events"]
        report = next(event["message"] for event in events if "Init Duration" in event["message"])
        init, run, used, size = (
            float(re.search(rf"\t{name}: ([0-9.]+)", report)[1])
            for name in ("Init Duration", "Duration", "Max Memory Used", "Memory Size")
        )
        lines.append(f"{function:<14}{init / 1000:>8.2f}{run / 1000:>13.2f}{used:>11.0f}{size:>6.0f}")
    return lines


@contextlib.contextmanager
def _step(what: str) -> Iterator[None]:
    started = time.monotonic()
    print(f"{what} ...", flush=True)
    yield
    print(f"  {time.monotonic() - started:.1f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
