"""Keep function instances: one for each concurrent invocation, warm ones for the next."""

import threading
from collections.abc import Iterable, Sequence
from typing import Any

from local_aws.errors import StoppingError
from local_aws.functions.deployed_function import CodeSource, DeployedFunction, find_function
from local_aws.functions.execution_environment import Instance, Surroundings
from local_aws.functions.invocation_result import Outcome
from local_aws.functions.runtime.events import Invocation

_LAST_WORDS_SECONDS = 1
# Instances that wait for another call; Lambda, too, ends those that nobody has called for long
MOST_IDLE = 9


class FunctionPool:
    """Runs functions in instances of their own.

    Parameters
    ----------
    client
        A boto3 Lambda client that knows the deployed functions.
    sources
        Asked in turn where a function's code is.
    around
        What the instances share.
    """

    def __init__(self, client: Any, sources: Sequence[CodeSource], around: Surroundings) -> None:
        self._client = client
        self._sources = sources
        self._around = around
        self._lock = threading.Condition()
        self._n_running = 0
        self._idle: list[Instance] = []
        self._all: set[Instance] = set()
        self._is_closed = False

    def find(self, name: str, qualifier: str | None = None) -> DeployedFunction:
        """Look a function up; see `find_function`."""
        return find_function(self._client, name, qualifier=qualifier, sources=self._sources)

    def prewarm(self, names: Iterable[str]) -> None:
        """Start an instance of each function; their INIT goes on in the background.

        Raises
        ------
        FunctionNotFoundError, CodeNotFoundError, LocalAwsError
            See `find_function`.
        """
        for function in [self.find(name) for name in names]:
            self._release(self._start(function))

    def invoke(self, function: DeployedFunction, invocation: Invocation) -> tuple[Outcome, str]:
        """Run a function once, in a warm instance if there is one; return its outcome and its log.

        Raises
        ------
        StoppingError
            The pool is closed.
        """
        with self._lock:
            self._n_running += 1
        try:
            return self._invoke(function, invocation)
        finally:
            with self._lock:
                self._n_running -= 1
                self._lock.notify_all()

    def close(self) -> None:
        """End all instances, busy ones too, and let their invocations write their last lines; no new ones start."""
        with self._lock:
            self._is_closed = True
            instances, self._idle = list(self._all), []
        threads = [threading.Thread(target=instance.close) for instance in instances]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with self._lock:
            self._lock.wait_for(lambda: not self._n_running, _LAST_WORDS_SECONDS)

    def _invoke(self, function: DeployedFunction, invocation: Invocation) -> tuple[Outcome, str]:
        instance = self._take_warm(function) or self._start(function)
        outcome, log = instance.invoke(invocation)
        if outcome.is_reusable:
            self._release(instance)
        else:
            with self._lock:
                self._all.discard(instance)
        return outcome, log

    def _take_warm(self, function: DeployedFunction) -> Instance | None:
        """Return an idle instance of exactly this function; end those of its earlier revisions."""
        stale, taken = [], None
        with self._lock:
            for instance in [i for i in self._idle if _is_same(i.function, function)]:
                if instance.function != function or not instance.is_alive:
                    stale.append(instance)
                    self._idle.remove(instance)
                    self._all.discard(instance)
                elif taken is None:
                    taken = instance
                    self._idle.remove(instance)
        for instance in stale:
            instance.close()
        return taken

    def _start(self, function: DeployedFunction) -> Instance:
        with self._lock:
            if self._is_closed:
                raise StoppingError(f"{function.name}: not started; the embedded AWS is stopping")
            instance = Instance(function, self._around)
            self._all.add(instance)
        return instance

    def _release(self, instance: Instance) -> None:
        with self._lock:
            if self._is_closed:
                return
            self._idle.append(instance)
            oldest = self._idle.pop(0) if len(self._idle) > MOST_IDLE else None
        if oldest:
            # its caller need not wait for that
            threading.Thread(target=self._retire, args=(oldest,)).start()

    def _retire(self, instance: Instance) -> None:
        instance.close()
        with self._lock:
            self._all.discard(instance)


def _is_same(one: DeployedFunction, other: DeployedFunction) -> bool:
    """Tell whether two are revisions of one function and version."""
    return (one.name, one.version) == (other.name, other.version)
