"""Deploy the state machines of a serverless file."""

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from local_aws.environment import ACCOUNT_ID
from local_aws.errors import DeployError


def put_state_machine(
    client: Any, name: str, definition: Mapping[str, Any], *, region: str, role_arn: str, kind: str = "STANDARD"
) -> str:
    """Create a state machine, or update it when it exists, and return its ARN.

    Parameters
    ----------
    client
        A boto3 Step Functions client.
    definition
        In the Amazon States Language, all references resolved.
    kind
        ``STANDARD`` or ``EXPRESS``.

    Raises
    ------
    DeployError
        Step Functions refused the definition; the message has its reason.
    """
    arn = f"arn:aws:states:{region}:{ACCOUNT_ID}:stateMachine:{name}"
    text = json.dumps(definition, ensure_ascii=False)
    try:
        try:
            client.update_state_machine(stateMachineArn=arn, definition=text, roleArn=role_arn)
        except client.exceptions.StateMachineDoesNotExist:
            created = client.create_state_machine(name=name, definition=text, roleArn=role_arn, type=kind)
            return str(created["stateMachineArn"])
    except ClientError as error:
        message = error.response["Error"]["Message"]
        raise DeployError(f"state machine {name}: Step Functions refused it; found {message}") from error
    return arn
