"""Failures of state machines that moto passes over: unknown fields, failed children of a Map, refused invocations."""

import functools
from typing import Any

# Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html
_LAMBDA_FIELDS = {"ClientContext", "FunctionName", "InvocationType", "Payload", "Qualifier"}
_RUNTIME = "States.Runtime"
_THRESHOLD = "States.ExceedToleratedFailureThreshold"


def name_refused_invocations() -> None:
    """Call an invocation that the state machine's role does not allow ``Lambda.AWSLambdaException``, as AWS does.

    Source: https://github.com/awslabs/aws-deployment-framework/issues/460
    """
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_lambda import (  # noqa: PLC0415 - a second's work, in the background
        StateTaskServiceLambda,
    )

    error_and_cause = StateTaskServiceLambda._error_cause_from_client_error  # noqa: SLF001

    def renamed(client_error: Any) -> tuple[str, str]:
        error, cause = error_and_cause(client_error)
        return ("Lambda.AWSLambdaException" if error == "Lambda.AccessDeniedException" else error), cause

    StateTaskServiceLambda._error_cause_from_client_error = staticmethod(renamed)  # noqa: SLF001


def refuse_unknown_fields() -> None:
    """Fail an execution with ``States.Runtime`` where a task has a field that the service's integration does not know.

    moto drops such a field. No Retry or Catch sees the error.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (  # noqa: PLC0415 - the same
        state_task_service_lambda,
    )
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask  # noqa: PLC0415

    state_task_service_lambda._SUPPORTED_API_PARAM_BINDINGS["invoke"] = _LAMBDA_FIELDS  # noqa: SLF001
    evaluate = StateTask._eval_parameters  # noqa: SLF001

    @functools.wraps(evaluate)
    def checked(self: Any, env: Any) -> dict[str, Any]:
        given = {}
        if self.parargs is not None:
            self.parargs.eval(env=env)
            given = env.stack.pop()
        known = self._get_supported_parameters()
        unknown = sorted(given.keys() - known) if known else []
        if unknown:
            reasons = ", ".join(f"The field '{name}' is not supported by Step Functions" for name in unknown)
            raise _failure(env, _RUNTIME, f"The Parameters could not be used to start the Task: [{reasons}]")
        return dict(given)

    StateTask._eval_parameters = checked  # noqa: SLF001
    _end_at_runtime_errors()


def _end_at_runtime_errors() -> None:
    """Let no Retry and no Catch see ``States.Runtime``."""
    from moto.stepfunctions.parser.asl.component.state.exec.execute_state import (  # noqa: PLC0415 - the same
        ExecutionState,
        RetryOutcome,
    )

    retry, catch = ExecutionState._handle_retry, ExecutionState._handle_catch  # noqa: SLF001

    def is_runtime_error(failure_event: Any) -> bool:
        return getattr(failure_event.error_name, "error_name", None) == _RUNTIME

    def checked_retry(self: Any, env: Any, failure_event: Any) -> Any:
        return RetryOutcome.CannotRetry if is_runtime_error(failure_event) else retry(self, env, failure_event)

    def checked_catch(self: Any, env: Any, failure_event: Any) -> None:
        if is_runtime_error(failure_event):
            self._handle_uncaught(env=env, failure_event=failure_event)
        catch(self, env, failure_event)

    ExecutionState._handle_retry, ExecutionState._handle_catch = checked_retry, checked_catch  # noqa: SLF001


def fail_with_children() -> None:
    """Fail a distributed Map with more failed children than it tolerates; moto gives null for each of them.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html (ToleratedFailureCount).
    """
    from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import (  # noqa: PLC0415 - the same
        distributed_iteration_component as known,
    )

    map_run = known.DistributedIterationComponent._map_run  # noqa: SLF001

    @functools.wraps(map_run)
    def checked(self: Any, env: Any, eval_input: Any) -> None:
        map_run(self, env, eval_input)
        items = eval_input.map_run_record.item_counter
        n_failed = items.failed.get() + items.timed_out.get() + items.aborted.get()
        record = eval_input.map_run_record
        if exceeds(n_failed, items.total.get(), record.tolerated_failure_count, record.tolerated_failure_percentage):
            raise _failure(env, _THRESHOLD, "The specified tolerated failure threshold was exceeded")

    known.DistributedIterationComponent._map_run = checked  # noqa: SLF001


def exceeds(n_failed: int, n_all: int, max_failed: int, max_percentage: float) -> bool:
    """Tell whether a Map has failed; a limit of 0 is one that is not set, and without a limit every failure counts.

    Examples
    --------
    >>> exceeds(1, 4, 0, 0), exceeds(1, 4, 1, 0), exceeds(1, 4, 0, 20)
    (True, False, True)
    """
    if not max_failed and not max_percentage:
        return n_failed > 0
    is_over_percentage = max_percentage > 0 and n_all > 0 and 100 * n_failed / n_all > max_percentage
    return (max_failed > 0 and n_failed > max_failed) or is_over_percentage


def _failure(env: Any, error: str, cause: str) -> Exception:
    from moto.stepfunctions.parser.api import ExecutionFailedEventDetails, HistoryEventType  # noqa: PLC0415 - the same
    from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (  # noqa: PLC0415 - the same
        FailureEvent,
        FailureEventException,
    )
    from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (  # noqa: PLC0415 - the same
        StatesErrorName,
    )
    from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails  # noqa: PLC0415 - the same

    details = ExecutionFailedEventDetails(error=error, cause=cause)
    failure = FailureEvent(
        env=env,
        error_name=StatesErrorName.from_name(error),
        event_type=HistoryEventType.ExecutionFailed,
        event_details=EventDetails(executionFailedEventDetails=details),
    )
    exception: Exception = FailureEventException(failure_event=failure)
    return exception
