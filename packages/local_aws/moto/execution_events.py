"""Send the end of an execution to the functions that EventBridge's rules name; moto sends no such event.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
"""

import functools
import json
import threading
import uuid
from datetime import datetime
from typing import Any


def send_execution_events() -> None:
    """Let each execution that ends invoke, as an event, the functions of the rules that match it."""
    from moto.stepfunctions.parser.backend.execution import (  # noqa: PLC0415 - a second's work, in the background
        BaseExecutionWorkerCommunication,
    )

    terminated = BaseExecutionWorkerCommunication.terminated

    @functools.wraps(terminated)
    def terminated_and_sent(self: Any) -> None:
        terminated(self)
        # the interpreter must not wait for the gateway, which may be waiting for it
        threading.Thread(target=_send, args=(self.execution,), daemon=True).start()

    BaseExecutionWorkerCommunication.terminated = terminated_and_sent


def _send(execution: Any) -> None:
    from moto.events.models import events_backends  # noqa: PLC0415 - the same
    from moto.stepfunctions.parser.asl.utils.boto_client import boto_client_for  # noqa: PLC0415 - the same

    event = _status_change(execution)
    for bus in list(events_backends[execution.account_id][execution.region_name].event_buses.values()):
        for rule in list(bus.rules.values()):
            if rule.state != "ENABLED" or not rule.event_pattern.matches_event(event):
                continue
            for target in rule.targets:
                if ":function:" in target["Arn"]:
                    client = boto_client_for(service="lambda", region=execution.region_name)
                    client.invoke(FunctionName=target["Arn"], InvocationType="Event", Payload=json.dumps(event))


def _status_change(execution: Any) -> dict[str, Any]:
    described = execution.to_describe_output()
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Step Functions Execution Status Change",
        "source": "aws.states",
        "account": execution.account_id,
        "time": f"{described['stopDate']:%Y-%m-%dT%H:%M:%SZ}",
        "region": execution.region_name,
        "resources": [execution.exec_arn],
        "detail": {
            **{name: described.get(name) for name in ("executionArn", "stateMachineArn", "name", "input", "output")},
            "status": execution.status,
            "startDate": _milliseconds(described["startDate"]),
            "stopDate": _milliseconds(described["stopDate"]),
            "inputDetails": {"included": True},
            "outputDetails": {"included": True} if described.get("output") else None,
            "error": described.get("error"),
            "cause": described.get("cause"),
        },
    }


def _milliseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)
