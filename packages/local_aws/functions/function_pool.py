"""Keep execution environments: one for each concurrent invocation, idle ones for the next."""

import threading
from collections.abc import Iterable, Sequence
from typing import Any

from local_aws.errors import StoppingError
from local_aws.functions.deployed_function import CodeSource, DeployedFunction, find_function
from local_aws.functions.execution_environment import ExecutionEnvironment, HostContext
from local_aws.functions.invocation_result import InvocationResult
from local_aws.functions.runtime.events import Invocation

_LAST_LINES_SECONDS = 1
MAX_IDLE = 9  # Lambda, too, ends execution environments that are idle for long


class FunctionPool:
    """Runs functions in execution environments.

    Parameters
    ----------
    client
        A boto3 Lambda client that knows the deployed functions.
    sources
        Asked in turn for a function's code.
    host
        What the execution environments share.
    """

    def __init__(self, client: Any, sources: Sequence[CodeSource], host: HostContext) -> None:
        self._client = client
        self._sources = sources
        self._host = host
        self._lock = threading.Condition()
        self._n_running = 0
        self._idle: list[ExecutionEnvironment] = []
        self._all: set[ExecutionEnvironment] = set()
        self._is_closed = False

    def find(self, name: str, qualifier: str | None = None) -> DeployedFunction:
        """Look a function up; see `find_function`."""
        return find_function(self._client, name, qualifier=qualifier, sources=self._sources)

    def prewarm(self, names: Iterable[str]) -> None:
        """Start an execution environment of each function; see `find_function` for the errors.

        INIT continues in the background.
        """
        for function in [self.find(name) for name in names]:
            self._release(self._start(function))

    def invoke(self, function: DeployedFunction, invocation: Invocation) -> tuple[InvocationResult, str]:
        """Run a function once, in an idle execution environment if there is one; return its result and its log.

        Raises
        ------
        StoppingError
            The pool is closed.
        """
        with self._lock:
            self._n_running += 1
        try:
            environment = self._take_idle(function) or self._start(function)
            result, log = environment.invoke(invocation)
            if result.is_reusable:
                self._release(environment)
            else:
                self._forget(environment)
            return result, log
        finally:
            with self._lock:
                self._n_running -= 1
                self._lock.notify_all()

    def close(self) -> None:
        """End all execution environments, busy ones too; their invocations may still write their last log lines."""
        with self._lock:
            self._is_closed = True
            environments, self._idle = list(self._all), []
        threads = [threading.Thread(target=environment.close) for environment in environments]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with self._lock:
            self._lock.wait_for(lambda: not self._n_running, _LAST_LINES_SECONDS)

    def _take_idle(self, function: DeployedFunction) -> ExecutionEnvironment | None:
        """Return an idle execution environment of exactly this function; end those of its earlier revisions."""
        stale, taken = [], None
        with self._lock:
            for environment in list(self._idle):
                known = environment.function
                if (known.name, known.version) != (function.name, function.version):
                    continue
                if known != function or not environment.is_alive:
                    stale.append(environment)
                elif taken is None:
                    taken = environment
                else:
                    continue
                self._idle.remove(environment)
        for environment in stale:
            self._retire(environment)
        return taken

    def _start(self, function: DeployedFunction) -> ExecutionEnvironment:
        with self._lock:
            if self._is_closed:
                raise StoppingError(f"{function.name}: not started; the embedded AWS is stopping")
            environment = ExecutionEnvironment(function, self._host)
            self._all.add(environment)
        return environment

    def _release(self, environment: ExecutionEnvironment) -> None:
        with self._lock:
            if self._is_closed:
                return
            self._idle.append(environment)
            oldest = self._idle.pop(0) if len(self._idle) > MAX_IDLE else None
        if oldest:  # the caller need not wait until it has ended
            threading.Thread(target=self._retire, args=(oldest,)).start()

    def _retire(self, environment: ExecutionEnvironment) -> None:
        environment.close()
        self._forget(environment)

    def _forget(self, environment: ExecutionEnvironment) -> None:
        with self._lock:
            self._all.discard(environment)
