"""What would be deployed: the templates and the definition as osls compiles them, and the built zips."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from diagnosis.finding import Finding, Level, client
from layers.archive import write_zip
from layers.budget import LIMIT_MIB, MIB, SPARE_MIB
from osls import RESOURCES, ROOT, SERVICE, OslsError, install_osls, osls
from package import FUNCTION, LAYERS, layers_of_functions, unzipped_bytes
from stages.access import StageAccess

# CloudFormation takes a longer one from S3 only.
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
MAX_TEMPLATE_BYTES = 51_200
_OUTPUT = re.compile(r"\$\{cf:\$\{self:custom\.resourcesStack\}\.(\w+)\}")
_COMPILED = Path(".serverless") / "cloudformation-template-update-stack.json"


def templates(access: StageAccess) -> Iterator[Finding]:
    """Yield whether CloudFormation takes the templates and Step Functions the definition, as osls compiles them."""
    install_osls()
    with tempfile.TemporaryDirectory() as temporary:
        for config in (RESOURCES, SERVICE):
            try:
                template = compile_template(access, config, Path(temporary))
            except OslsError as error:
                yield Finding(Level.WRONG, config, "osls cannot compile it", f"Its message:\n{error}")
                continue
            yield _template(config, template)
            if config == SERVICE:
                yield _definition(access, template)


def compile_template(access: StageAccess, config: str, folder: Path) -> dict[str, Any]:
    """Compile a serverless file in a folder with osls, with empty zips, and the names that the resources will have."""
    for name in ("workflow", "infrastructure"):
        shutil.copytree(ROOT / name, folder / name, dirs_exist_ok=True)
    shutil.copy(ROOT / "package.json", folder)
    link = folder / "node_modules"
    if not link.is_symlink():
        link.symlink_to(ROOT / "node_modules")
    own = {
        "DevicesTableName": f"Devices-{access.stage}",
        "RawDataBucketName": f"devices-raw-data-{access.stage}-{access.account}-{access.region}",
        "DataAnalyticsBucketName": f"devices-data-analytics-{access.stage}-{access.account}-{access.region}",
    }
    text = (ROOT / config).read_text(encoding="utf-8")
    (folder / config).write_text(_OUTPUT.sub(lambda output: own[output[1]], text), encoding="utf-8")
    (folder / "empty").mkdir(exist_ok=True)
    for path in (FUNCTION, *(LAYERS / f"{name}.zip" for name in ("base", "report", "arrow"))):
        placeholder = folder / path.relative_to(ROOT)
        placeholder.parent.mkdir(parents=True, exist_ok=True)
        write_zip(folder / "empty", placeholder)
    osls(
        "package",
        config=config,
        stage=access.stage,
        region=access.region,
        environment=access.osls_environment(),
        folder=folder,
    )
    template: dict[str, Any] = json.loads((folder / _COMPILED).read_text(encoding="utf-8"))
    return template


def _template(config: str, template: dict[str, Any]) -> Finding:
    body = json.dumps(template, separators=(",", ":"))
    if len(body.encode()) > MAX_TEMPLATE_BYTES:
        return Finding(Level.UNKNOWN, config, f"ValidateTemplate takes at most {MAX_TEMPLATE_BYTES:,} bytes")
    try:
        client("cloudformation").validate_template(TemplateBody=body)
    except ClientError as error:
        if error.response["Error"].get("Code") != "ValidationError":
            raise
        return Finding(Level.WRONG, config, f"CloudFormation refuses it: {error.response['Error']['Message']}")
    return Finding(Level.OK, config, f"CloudFormation takes it, {len(template['Resources'])} resources")


def _definition(access: StageAccess, template: dict[str, Any]) -> Finding:
    subject = "workflow/batch_state_machine.yml"
    (machine,) = [r for r in template["Resources"].values() if r["Type"] == "AWS::StepFunctions::StateMachine"]
    substituted = machine["Properties"]["DefinitionString"]
    text, references = substituted["Fn::Sub"] if isinstance(substituted, dict) else (substituted, {})
    for name in references:
        text = text.replace(f"${{{name}}}", access.arn_of("lambda", f"function:{name}"))
    try:
        answer = client("stepfunctions").validate_state_machine_definition(definition=text, type="STANDARD")
    except ClientError as error:
        code = error.response["Error"].get("Code", "")
        return Finding(Level.UNKNOWN, subject, f"no answer to {error.operation_name} ({code})")
    messages = [f"{item['message']} ({item.get('location', 'nowhere')})" for item in answer["diagnostics"]]
    if answer["result"] == "OK":
        return Finding(Level.OK, subject, "Step Functions takes it")
    return Finding(Level.WRONG, subject, f"Step Functions refuses it: {'; '.join(messages)}")


def sizes(_access: StageAccess) -> Iterator[Finding]:
    """Yield the largest function with its layers, where they are built."""
    zips = {name: LAYERS / f"{name}.zip" for names in layers_of_functions().values() for name in names}
    if missing := [path for path in (FUNCTION, *zips.values()) if not path.exists()]:
        yield Finding(Level.UNKNOWN, "sizes", f"{missing[0].relative_to(ROOT)} is not built", "Build it: make package")
        return
    n_bytes = {name: unzipped_bytes(path) for name, path in zips.items()}
    code = unzipped_bytes(FUNCTION)
    mib = {name: (code + sum(n_bytes[layer] for layer in used)) / MIB for name, used in layers_of_functions().items()}
    largest = max(mib, key=lambda name: mib[name])
    text = f"{largest} is the largest, {mib[largest]:.0f} of {LIMIT_MIB} MiB with its layers, unzipped"
    if mib[largest] > LIMIT_MIB:
        yield Finding(Level.WRONG, "sizes", text, "Lambda refuses it. Trim in packages/layers/trim.py.")
    elif mib[largest] > LIMIT_MIB - SPARE_MIB:
        yield Finding(Level.LOOK, "sizes", text, "The next version of a package may be larger.")
    else:
        yield Finding(Level.OK, "sizes", text)
