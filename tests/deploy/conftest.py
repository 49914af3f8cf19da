"""What osls makes of the serverless files: compiled once, against the session's embedded AWS."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from typing import Any

import pytest

from etl.runs.provenance import ROOT
from local_aws import EmbeddedAws, deploy_service
from osls import OSLS, osls
from package import build_function

STAGE = "compiled"


@dataclass(frozen=True)
class Compiled:
    """The template of the service, and the definition of its state machine with the references filled in."""

    template: dict[str, Any]
    definition: dict[str, Any]


@pytest.fixture(scope="session")
def compiled(embedded_aws: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    """Return what ``osls package`` compiles."""
    if not OSLS.exists():
        pytest.skip("osls is not installed here: run 'make node_modules'")
    deploy_service(embedded_aws, ROOT / "serverless-resources.yml", stage=STAGE)
    folder = tmp_path_factory.mktemp("compiled")
    for name in ("serverless.yml", "workflow", "infrastructure", "package.json"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    build_function(folder / "build" / "function.zip")
    for layer in ("base", "report", "arrow"):
        (folder / "build" / "layers").mkdir(exist_ok=True)
        build_function(folder / "build" / "layers" / f"{layer}.zip")
    environment = {**os.environ, **embedded_aws.environment()}
    osls("package", stage=STAGE, region=embedded_aws.region, environment=environment, folder=folder)
    text = (folder / ".serverless" / "cloudformation-template-update-stack.json").read_text(encoding="utf-8")
    template = json.loads(text)
    return Compiled(template, _definition(template))


def _definition(template: dict[str, Any]) -> dict[str, Any]:
    """Return the state machine's definition, each reference as an ARN of its kind."""
    (machine,) = [r for r in template["Resources"].values() if r["Type"] == "AWS::StepFunctions::StateMachine"]
    found = machine["Properties"]["DefinitionString"]
    text, references = found["Fn::Sub"] if isinstance(found, dict) else (found, {})
    for name in references:
        text = text.replace(f"${{{name}}}", f"arn:aws:sns:ap-northeast-1:123456789012:{name}")
    definition: dict[str, Any] = json.loads(text)
    return definition
