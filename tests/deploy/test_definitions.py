"""The compiled template and state machine hold to AWS's own rules, and the guards catch planted faults."""

import copy
import json
import subprocess
import sys
from pathlib import Path

import pytest

from etl.runs.provenance import ROOT

pytestmark = [pytest.mark.functional, pytest.mark.slow]

ASL_VALIDATOR = ROOT / "node_modules" / ".bin" / "asl-validator"
CFN_LINT = str(Path(sys.executable).with_name("cfn-lint"))


def asl_faults(definition, folder):
    """Return what asl-validator says of a definition; empty when it is valid."""
    path = folder / "definition.json"
    path.write_text(json.dumps(definition), encoding="utf-8")
    answer = subprocess.run(
        [str(ASL_VALIDATOR), "--json-path", str(path)], capture_output=True, text=True, timeout=60, check=False
    )
    return "" if answer.returncode == 0 else answer.stdout + answer.stderr


def lint_findings(template, folder):
    """Return the rules that cfn-lint finds broken in a template, each with its message."""
    path = folder / "template.json"
    path.write_text(json.dumps(template), encoding="utf-8")
    answer = subprocess.run(
        [CFN_LINT, "--format", "json", "--regions", "ap-northeast-1", "--", str(path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert answer.stderr == ""
    return {(found["Rule"]["Id"], found["Message"]) for found in json.loads(answer.stdout)}


def invoked(definition):
    """Return the names of the functions that a definition invokes."""
    states = definition["States"].values()
    return [
        state["Parameters"]["FunctionName"] for state in states if state.get("Resource", "").endswith("lambda:invoke")
    ]


def function_names(template):
    """Return the names of the functions of a template."""
    return {
        r["Properties"]["FunctionName"] for r in template["Resources"].values() if r["Type"] == "AWS::Lambda::Function"
    }


def test_the_state_machine_is_valid(compiled, tmp_path):
    """asl-validator has nothing to say."""
    assert asl_faults(compiled.definition, tmp_path) == ""


def test_the_templates_are_valid(compiled, tmp_path):
    """cfn-lint finds nothing; what is ignored stands in serverless.yml, with its reason."""
    assert lint_findings(compiled.template, tmp_path) == set()
    ignored = [
        name for name, resource in compiled.template["Resources"].items() if "cfn-lint" in resource.get("Metadata", {})
    ]
    assert ignored == ["BatchStateMachine"]


def test_every_function_that_is_invoked_exists(compiled):
    """The state machine or the rule on its end invokes each function of the template, and no others."""
    rule = compiled.template["Resources"]["ExecutionEnded"]["Properties"]
    notify = {target["Arn"]["Fn::Sub"].rsplit(":", 1)[1] for target in rule["Targets"]}
    assert set(invoked(compiled.definition)) | notify == function_names(compiled.template)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("an unknown Next", lambda d: d["States"]["LoadFile"].update(Next="Nowhere")),
        ("a missing Default target", lambda d: d["States"]["FileExists"].update(Default="Nowhere")),
        ("an orphan state", lambda d: d["States"].update(Orphan={"Type": "Succeed"})),
        ("a state without an end", lambda d: d["States"]["NoFile"].pop("End")),
        ("a missing start", lambda d: d.update(StartAt="Nowhere")),
    ],
)
def test_a_planted_fault_in_the_state_machine_is_found(compiled, tmp_path, name, change):
    """Each is caught by asl-validator."""
    broken = copy.deepcopy(compiled.definition)
    change(broken)
    assert asl_faults(broken, tmp_path), name


def test_a_wrong_function_name_is_found(compiled):
    """The test above would fail."""
    broken = copy.deepcopy(compiled.definition)
    broken["States"]["DataJoin"]["Parameters"]["FunctionName"] += "s"
    assert not set(invoked(broken)) <= function_names(compiled.template)


@pytest.mark.parametrize("role", ["DataJoinRole", "BatchStateMachineRole", "NightlyScheduleRole"])
def test_a_missing_role_is_found(compiled, tmp_path, role):
    """A reference that leads nowhere is an error of the template."""
    broken = copy.deepcopy(compiled.template)
    del broken["Resources"][role]
    new = lint_findings(broken, tmp_path) - lint_findings(compiled.template, tmp_path)
    assert any(rule.startswith("E") and role in message for rule, message in new)
