"""Deploy the functions of ``service_deployed`` by CloudFormation alone, as `osls deploy` would, in milliseconds."""

import io
import json
import uuid
import zipfile
from pathlib import Path
from typing import Any

from local_aws import EmbeddedAws

FOLDER = Path(__file__).parent / "service_deployed"
ROLE = "arn:aws:iam::123456789012:role/deployed"


def zipped(files: dict[str, str | bytes]) -> bytes:
    """Return a zip file with these files; the same ones give the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return packed.getvalue()


def app(**replaced: str) -> bytes:
    """Return the zipped code of the service, with texts in it replaced."""
    text = (FOLDER / "src" / "app.py").read_text(encoding="utf-8")
    for old, new in replaced.items():
        text = text.replace(old, new)
    return zipped({"src/app.py": text})


class Deployment:
    """A stack and the bucket that its archives are in."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self._aws = aws
        self.name = f"s{uuid.uuid4().hex[:8]}"
        self._resources: dict[str, Any] = {}
        self.bucket = f"{self.name}-archives"
        where = {"LocationConstraint": aws.region}
        aws.client("s3").create_bucket(Bucket=self.bucket, CreateBucketConfiguration=where)
        aws.client("iam").create_role(RoleName=self.name, AssumeRolePolicyDocument="{}")

    def archive(self, body: bytes, key: str | None = None) -> dict[str, str]:
        """Upload a zip file and return where it is, as a template says it."""
        key = key or f"{uuid.uuid4().hex}.zip"
        self._aws.client("s3").put_object(Bucket=self.bucket, Key=key, Body=body)
        return {"S3Bucket": self.bucket, "S3Key": key}

    def layer(self, logical_id: str, body: bytes) -> None:
        """Add a layer version, or change it."""
        properties = {"LayerName": f"{self.name}-{logical_id}", "Content": self.archive(body)}
        self._resources[logical_id] = {"Type": "AWS::Lambda::LayerVersion", "Properties": properties}

    def function(self, logical_id: str, body: bytes, handler: str, **properties: Any) -> str:
        """Add a function, or change it; return its name."""
        name = f"{self.name}-{logical_id}"
        settings = {"FunctionName": name, "Handler": handler, "Runtime": "python3.13", "Timeout": 20, "MemorySize": 256}
        role = f"arn:aws:iam::123456789012:role/{self.name}"
        self._resources[logical_id] = {
            "Type": "AWS::Lambda::Function",
            "Properties": {**settings, "Role": role, "Code": self.archive(body), **properties},
        }
        return name

    def resource(self, logical_id: str, kind: str, **properties: Any) -> None:
        """Add any other resource, or change it."""
        self._resources[logical_id] = {"Type": kind, "Properties": properties}

    def deploy(self, **outputs: Any) -> None:
        """Create the stack, or update it."""
        client = self._aws.client("cloudformation")
        template = {"Resources": self._resources}
        if outputs:
            template["Outputs"] = {key: {"Value": value} for key, value in outputs.items()}
        body = json.dumps(template)
        if any(stack["StackName"] == self.name for stack in client.describe_stacks()["Stacks"]):
            client.update_stack(StackName=self.name, TemplateBody=body)
        else:
            client.create_stack(StackName=self.name, TemplateBody=body)

    def outputs(self) -> dict[str, str]:
        """Return the stack's outputs."""
        (stack,) = self._aws.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def invoke(self, name: str, event: Any = None) -> Any:
        """Invoke a function and return its result, or the object that says what went wrong."""
        answer = self._aws.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event or {}))
        return json.loads(answer["Payload"].read())
