"""What EventBridge Scheduler would send when a deployed schedule is due; moto skips schedules and never fires one."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from local_aws.cloudformation.deployed_stacks import DeployedStack
from local_aws.environment import ACCOUNT_ID
from local_aws.errors import ScheduleError

_SCHEDULE = "AWS::Scheduler::Schedule"
_STATE_MACHINE = re.compile(r"arn:[^:]+:states:[^:]+:\d{12}:stateMachine:[^:]+(:[^:]+)?")


@dataclass(frozen=True)
class Schedule:
    """A deployed schedule, references in it resolved.

    Attributes
    ----------
    arn
        The schedule's.
    is_enabled
        It would fire.
    target_arn
        The state machine that it starts.
    input
        The execution's input, `Context attributes`_ still in it.

    .. _Context attributes:
       https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
    """

    logical_id: str
    arn: str
    is_enabled: bool
    target_arn: str
    input: str

    def input_at(self, scheduled_at: dt.datetime, execution_id: str, attempt: int = 1) -> str:
        """Return the input of one invocation.

        Parameters
        ----------
        scheduled_at
            When the schedule is due; with a time zone. It is sent in UTC, whatever zone the schedule is written in.
        execution_id
            Names this invocation.
        attempt
            Counts from 1.

        Examples
        --------
        >>> nightly = Schedule("Nightly", "arn:n", True, "arn:m", '{"at": "<aws.scheduler.scheduled-time>"}')
        >>> nightly.input_at(dt.datetime.fromisoformat("2021-03-23T00:30:00+09:00"), "x")
        '{"at": "2021-03-22T15:30:00Z"}'
        """
        values = {
            "scheduled-time": scheduled_at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "schedule-arn": self.arn,
            "execution-id": execution_id,
            "attempt-number": str(attempt),
        }
        return re.sub(r"<aws\.scheduler\.([a-z-]+)>", lambda found: values.get(found[1], found[0]), self.input)


def read_schedule(stack: DeployedStack, logical_id: str | None = None) -> Schedule:
    """Return a schedule of a stack.

    Parameters
    ----------
    stack
        As deployed.
    logical_id
        Which one; may be left out when there is only one.

    Raises
    ------
    ScheduleError
        There is no such schedule, or several to choose from, or its target is no state machine.
    DeployError
        A reference in it leads nowhere.
    """
    resources: dict[str, Any] = stack.template.get("Resources", {})
    schedules = {name: spec["Properties"] for name, spec in resources.items() if spec["Type"] == _SCHEDULE}
    if logical_id is None and len(schedules) == 1:
        logical_id = next(iter(schedules))
    if logical_id not in schedules:
        known = ", ".join(sorted(schedules)) or "none"
        chosen = logical_id or "no choice"
        raise ScheduleError(f"stack {stack.name}: found {chosen}; expected one of its schedules: {known}")
    where = f"stack {stack.name}: {logical_id}"
    declared = schedules[logical_id]
    # only what is needed here: nobody asks for the role, or puts anything into the dead-letter queue
    wanted = {name: declared[name] for name in ("Name", "GroupName", "State") if name in declared}
    wanted["Target"] = {name: declared["Target"][name] for name in ("Arn", "Input") if name in declared["Target"]}
    found = stack.intrinsics.resolve(wanted, where)
    target = found["Target"]
    if not _STATE_MACHINE.fullmatch(str(target["Arn"])):
        raise ScheduleError(f"{where}.Target.Arn: found {target['Arn']}; expected a state machine's ARN")
    name = found.get("Name") or f"{stack.name}-{logical_id}"
    group = found.get("GroupName") or "default"
    return Schedule(
        logical_id=logical_id,
        arn=f"arn:aws:scheduler:{stack.intrinsics.region}:{ACCOUNT_ID}:schedule/{group}/{name}",
        is_enabled=found.get("State", "ENABLED") == "ENABLED",
        target_arn=target["Arn"],
        input=target.get("Input") or "{}",
    )
