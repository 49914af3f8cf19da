"""The benchmark of warm kernels inside the Lambda-like sandbox, with the built base layer; INIT apart.

``python benchmarks/warm_kernels_in_sandbox.py [rounds]``; needs bubblewrap and the layers of ``make package``.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
import zipfile
from pathlib import Path

from local_aws import EmbeddedAws, sandbox_missing

ROOT = Path(__file__).parents[1]
LAYER = ROOT / "build" / "layers" / "base.zip"
REGION, STACK, BUCKET, FUNCTION = "ap-northeast-1", "bench", "bench-archives", "bench-warm-kernels"
FILES = {
    **{str(path.relative_to(ROOT / "packages")): path for path in (ROOT / "packages" / "warm_kernels").rglob("*.py")},
    "bench_warm_kernels.py": ROOT / "benchmarks" / "bench_warm_kernels.py",
}
# as the pipeline's own functions: kernels are started in the INIT phase
HANDLER = """\
import contextlib, io
import bench_warm_kernels as bench
import warm_kernels
warm_kernels.start(standby=1, extra_arguments=bench.ARGUMENTS)

def handler(event, context):
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        bench.main(event["rounds"])
    return printed.getvalue()
"""
VARIABLES = {
    "HOME": "/tmp",  # noqa: S108 - the only folder that a function may write to
    "IPYTHONDIR": "/tmp/ipython",  # noqa: S108
    "PYTHONPATH": "/var/task:/opt/python",
    "OPENBLAS_NUM_THREADS": "1",
    "WARM_KERNELS": "on",
}


def main(rounds: int) -> int:
    """Deploy a function that runs the benchmark, invoke it once, and print its output."""
    if missing := sandbox_missing():
        print(f"Left out: {missing}")
        return 0
    if not LAYER.exists():
        print(f"Left out: {LAYER.relative_to(ROOT)} is missing; 'make package' builds it.")
        return 0
    with EmbeddedAws(region=REGION, sandbox=True) as aws:
        os.environ.update(aws.environment())
        deploy(aws)
        answer = aws.client("lambda").invoke(FunctionName=FUNCTION, Payload=json.dumps({"rounds": rounds}))
        printed = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            print(printed, file=sys.stderr)
            return 1
        events = aws.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{FUNCTION}")["events"]
        init = next(re.search(r"Init Duration: ([0-9.]+)", event["message"]) for event in events[::-1])
        print(f"In a sandbox like Lambda's, with the built layer; INIT {float(init[1]) if init else 0:.0f} ms, apart:")
        print(printed, end="")
    return 0


def deploy(aws: EmbeddedAws) -> None:
    """Upload code and layer, and create the function."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", HANDLER)
        for name, path in FILES.items():
            archive.write(path, name)
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=BUCKET, Key="code.zip", Body=code.getvalue())
    s3.upload_file(str(LAYER), BUCKET, "layer.zip")
    aws.client("iam").create_role(RoleName=FUNCTION, AssumeRolePolicyDocument="{}")
    layer = {"LayerName": FUNCTION, "Content": {"S3Bucket": BUCKET, "S3Key": "layer.zip"}}
    function = {
        "FunctionName": FUNCTION,
        "Handler": "app.handler",
        "Runtime": "python3.13",
        "Timeout": 600,
        "MemorySize": 2048,
        "Role": f"arn:aws:iam::123456789012:role/{FUNCTION}",
        "Code": {"S3Bucket": BUCKET, "S3Key": "code.zip"},
        "Layers": [{"Ref": "Layer"}],
        "Environment": {"Variables": VARIABLES},
    }
    resources = {
        "Layer": {"Type": "AWS::Lambda::LayerVersion", "Properties": layer},
        "Function": {"Type": "AWS::Lambda::Function", "Properties": function},
    }
    aws.client("cloudformation").create_stack(StackName=STACK, TemplateBody=json.dumps({"Resources": resources}))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 9))
