"""Least privilege, as compiled: no wildcard actions, and the state machine may do exactly what it does."""

import json

import pytest

pytestmark = [pytest.mark.functional, pytest.mark.slow]

# What has no resource of its own to name; AWS documents "*" for it.
UNSCOPED = ("xray:", "logs:")


def statements(template, role):
    """Return the statements of a role: (actions, resources)."""
    found = []
    for policy in template["Resources"][role]["Properties"]["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            actions, resources = statement["Action"], statement["Resource"]
            found.append(
                (
                    actions if isinstance(actions, list) else [actions],
                    resources if isinstance(resources, list) else [resources],
                )
            )
    return found


def roles(template):
    """Return the names of all roles of a template."""
    return [name for name, resource in template["Resources"].items() if resource["Type"] == "AWS::IAM::Role"]


def test_every_function_has_a_role_of_its_own(compiled):
    """No role is shared."""
    functions = [r for r in compiled.template["Resources"].values() if r["Type"] == "AWS::Lambda::Function"]
    named = [json.dumps(function["Properties"]["Role"]) for function in functions]
    assert len(set(named)) == len(functions) == 5


def test_no_role_has_a_wildcard_action(compiled):
    """Each action is written out."""
    assert len(roles(compiled.template)) == 7
    for role in roles(compiled.template):
        for actions, _resources in statements(compiled.template, role):
            assert not [action for action in actions if "*" in action], role


def test_only_what_has_no_resource_is_allowed_on_all(compiled):
    """X-Ray and log delivery have none to name."""
    for role in roles(compiled.template):
        for actions, resources in statements(compiled.template, role):
            if "*" in resources:
                assert all(action.startswith(UNSCOPED) for action in actions), role


def test_no_managed_policies_are_attached(compiled):
    """They allow more than is needed, and change without us."""
    assert not [
        role
        for role in roles(compiled.template)
        if compiled.template["Resources"][role]["Properties"].get("ManagedPolicyArns")
    ]


def test_the_state_machine_may_do_what_its_definition_does_and_no_more(compiled):
    """It invokes its functions, and has no rights on anything else."""
    allowed = {
        action: [json.dumps(resource) for resource in resources]
        for actions, resources in statements(compiled.template, "BatchStateMachineRole")
        for action in actions
        if not action.startswith(UNSCOPED)
    }
    assert set(allowed) == {"lambda:InvokeFunction"}
    states = compiled.definition["States"].values()
    used = {state["Resource"] for state in states if state["Type"] == "Task"}
    assert used == {"arn:aws:states:::lambda:invoke"}
    invoked = {state["Parameters"]["FunctionName"] for state in states if state.get("Resource", "").endswith(":invoke")}
    assert sorted(text.rsplit(":", 1)[1].rstrip('"}') for text in allowed["lambda:InvokeFunction"]) == sorted(invoked)
