"""Patches of moto's CloudFormation, applied inside moto's process.

moto stores state machines twice: CloudFormation's in a mock that never runs them, the API's in an interpreter. It
makes layer versions without a name, an ARN or updates. And its ``Fn::Sub`` with a mapping turns ``$$`` into ``$``,
which breaks paths to a state machine's context object. moto reports no error in these cases, so each patch has a test.
"""

import string
import types
from collections.abc import Callable
from typing import Any, ClassVar

from local_aws.moto.execution_events import send_execution_events
from local_aws.moto.roles import act_with_roles, complete_roles, deploy_bucket_policies
from local_aws.moto.s3_conditions import honour_conditions
from local_aws.moto.state_machines import fail_with_children, name_refused_invocations, refuse_unknown_fields


def apply_patches() -> None:
    """Patch moto in this process; the imports take about a second."""
    _run_state_machines_of_stacks()
    _complete_layer_versions()
    _keep_double_dollars()
    _refuse_undeclared_parameters()
    _retain_resources()
    honour_conditions()
    send_execution_events()
    deploy_bucket_policies()
    complete_roles()
    act_with_roles()
    name_refused_invocations()
    refuse_unknown_fields()
    fail_with_children()


def _run_state_machines_of_stacks() -> None:
    """Let stacks create, update and delete state machines in the interpreter; running executions are not changed."""
    from moto.stepfunctions import models  # noqa: PLC0415 - a second's work, done in the background
    from moto.stepfunctions.parser.models import stepfunctions_parser_backends  # noqa: PLC0415 - the same

    models.stepfunctions_backends = stepfunctions_parser_backends
    for name in ("create_from_cloudformation_json", "update_from_cloudformation_json"):
        setattr(
            models.StateMachine, name, classmethod(_with_validation_error(getattr(models.StateMachine, name).__func__))
        )


def _with_validation_error(make: Callable[..., Any]) -> Callable[..., Any]:
    """Turn the error of a rejected definition into CloudFormation's, which its clients can parse."""
    from moto.cloudformation.exceptions import ValidationError  # noqa: PLC0415 - the same

    def wrapped(*arguments: Any, **named: Any) -> Any:
        try:
            return make(*arguments, **named)
        except Exception as error:
            raise ValidationError(message=f"State machine: {getattr(error, 'message', error)}") from error

    return wrapped


def _complete_layer_versions() -> None:
    """Give a stack's layer versions their name and their ARN, and publish a new version when a layer changes."""
    from moto.awslambda.models import LayerVersion  # noqa: PLC0415 - the same

    def update(  # noqa: PLR0917 - as CloudFormation's parser calls it
        cls: Any,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> Any:
        name = cloudformation_json["Properties"].get("LayerName") or original_resource.name or new_resource_name
        return cls.create_from_cloudformation_json(name, cloudformation_json, account_id, region_name)

    LayerVersion.cloudformation_name_type = staticmethod(lambda: "LayerName")
    LayerVersion.physical_resource_id = property(lambda version: version.arn)
    LayerVersion.update_from_cloudformation_json = classmethod(update)


class _SubTemplate(string.Template):
    """The placeholders of ``Fn::Sub``: ``${Name}`` only."""

    pattern: ClassVar[Any] = r"\$\{(?P<braced>[A-Za-z0-9_.:]+)\}|(?P<escaped>(?!))|(?P<named>(?!))|(?P<invalid>(?!))"


def _keep_double_dollars() -> None:
    """Let ``Fn::Sub`` replace placeholders only."""
    from moto.cloudformation import parsing  # noqa: PLC0415 - the same

    parsing.string = types.SimpleNamespace(Template=_SubTemplate)


def _refuse_undeclared_parameters() -> None:
    """Refuse a value for a parameter that the template does not declare, as CloudFormation does.

    osls puts ``provider.stackParameters`` into CreateStack, whose template declares none; AWS refuses that deploy.
    """
    from moto.cloudformation.exceptions import ValidationError  # noqa: PLC0415 - the same
    from moto.cloudformation.parsing import ResourceMap  # noqa: PLC0415 - the same

    load_parameters = ResourceMap.load_parameters

    def checked(resources: Any) -> None:
        undeclared = resources.input_parameters.keys() - resources._template.get("Parameters", {}).keys()  # noqa: SLF001
        if undeclared:
            names = ", ".join(sorted(undeclared))
            raise ValidationError(message=f"Parameters: [{names}] do not exist in the template")
        load_parameters(resources)

    ResourceMap.load_parameters = checked


def _retain_resources() -> None:
    """Let a stack that is deleted leave its resources of ``RetainExceptOnCreate``, which moto deletes.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
    """
    from moto.cloudformation.parsing import ResourceMap  # noqa: PLC0415 - the same

    delete = ResourceMap.delete

    def delete_others(resources: Any) -> None:
        for declared in resources._template.get("Resources", {}).values():  # noqa: SLF001
            if declared.get("DeletionPolicy") == "RetainExceptOnCreate":
                declared["DeletionPolicy"] = "Retain"
        delete(resources)

    ResourceMap.delete = delete_others
