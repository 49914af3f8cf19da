"""What moto's CloudFormation does not do by itself, put right inside moto's own process.

moto stores state machines twice: CloudFormation's in a mock that never runs them, the API's in the interpreter that
does. It makes layer versions without a name, an ARN or updates. And its ``Fn::Sub`` with a mapping turns every ``$$``
into ``$``, which ruins the paths of a state machine's context object. None of these is found out by an error, but by an
empty answer or a wrong path later, so a test holds each of these repairs.
"""

import string
import types
from collections.abc import Callable
from typing import Any, ClassVar

from local_aws.moto.execution_events import send_execution_events
from local_aws.moto.s3_conditions import honour_conditions


def repair() -> None:
    """Repair moto in this process; imports what it repairs, about a second's work."""
    _run_state_machines_of_stacks()
    _make_layer_versions_whole()
    _keep_double_dollars()
    _refuse_undeclared_parameters()
    honour_conditions()
    send_execution_events()


def _run_state_machines_of_stacks() -> None:
    """Let stacks create, update and delete state machines where executions look for them.

    Nothing is copied, so nothing can be stale, and running executions keep the definition that they began with.
    """
    from moto.stepfunctions import models  # noqa: PLC0415 - a second's work, done in the background
    from moto.stepfunctions.parser.models import stepfunctions_parser_backends  # noqa: PLC0415 - the same

    models.stepfunctions_backends = stepfunctions_parser_backends
    for name in ("create_from_cloudformation_json", "update_from_cloudformation_json"):
        setattr(models.StateMachine, name, classmethod(_told(getattr(models.StateMachine, name).__func__)))


def _told(make: Callable[..., Any]) -> Callable[..., Any]:
    """Let a definition that is refused fail the stack in CloudFormation's words, which its clients can read."""
    from moto.cloudformation.exceptions import ValidationError  # noqa: PLC0415 - the same

    def wrapped(*arguments: Any, **named: Any) -> Any:
        try:
            return make(*arguments, **named)
        except Exception as error:
            raise ValidationError(message=f"State machine: {getattr(error, 'message', error)}") from error

    return wrapped


def _make_layer_versions_whole() -> None:
    """Give a stack's layer versions their name and their ARN, and publish a new version when one is changed."""
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
    """Let ``Fn::Sub`` replace placeholders, and nothing else."""
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
