"""An AWS for laptop, tests and CI: moto behind a gateway that runs Lambda functions for real."""

import contextlib
import functools
import shutil
import tempfile
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

from local_aws.clients import ClientFactory
from local_aws.cloudformation.deployed_stacks import DeployedStacks
from local_aws.environment import LOOPBACK, merged_environment, write_profile
from local_aws.errors import StartError
from local_aws.functions.deployed_code import DeployedCode
from local_aws.functions.deployed_function import CodeSource, working_tree
from local_aws.functions.execution_environment import HostContext
from local_aws.functions.function_pool import FunctionPool
from local_aws.functions.runtime.isolated_python import IsolatedPythons
from local_aws.functions.sandbox import sandbox_missing
from local_aws.gateway.forwarding import Forwarder
from local_aws.gateway.gateway import Gateway
from local_aws.gateway.lambda_api import LambdaApi
from local_aws.iam.access_control import AccessControl
from local_aws.iam.credentials import RoleCredentials
from local_aws.moto.backend import MotoBackend


class EmbeddedAws:
    """An AWS on this machine only; runs inside ``with``, and leaves no process and no file behind.

    Parameters
    ----------
    region
        The region of everything in it.
    port
        Where it listens on 127.0.0.1; 0 for a free port.
    sandbox
        Run deployed functions as on Lambda (`local_aws.functions.sandbox`); never code in the working tree.

    Raises
    ------
    StartError
        On entering: the port is taken, moto did not start, or this machine cannot make a sandbox.

    Examples
    --------
    >>> with EmbeddedAws(region="ap-northeast-1") as aws:
    ...     aws.client("s3").list_buckets()["Buckets"]
    []
    """

    def __init__(self, region: str = "ap-northeast-1", port: int = 0, *, sandbox: bool = False) -> None:
        self.region = region
        self._has_sandbox = sandbox
        self._wanted_port = port
        self._stack = contextlib.ExitStack()
        self._endpoint_url: str | None = None
        self._profile: Path
        self._pool: FunctionPool
        self._clients: ClientFactory

    def __enter__(self) -> Self:
        """Start it; returns when it answers."""
        if self._has_sandbox and (reason := sandbox_missing()):
            raise StartError(reason)
        with contextlib.ExitStack() as stack:
            owner = uuid.uuid4().hex
            root = Path(tempfile.mkdtemp(prefix="local-aws-")).resolve()
            stack.callback(shutil.rmtree, root, ignore_errors=True)
            self._profile = root / "aws-profile"
            write_profile(self._profile)
            gateway = self._open_gateway()
            stack.callback(gateway.stop)
            credentials = RoleCredentials()
            moto = MotoBackend(owner, root, gateway.port, self.region, credentials.states_key)
            stack.callback(moto.stop)
            endpoint_url = f"http://{LOOPBACK}:{gateway.port}"
            self._clients = ClientFactory(endpoint_url, self.region)
            moto_port = moto.wait_until_ready()
            direct = ClientFactory(f"http://{LOOPBACK}:{moto_port}", self.region)
            logs = direct.client("logs")
            host = HostContext(endpoint_url, self.region, owner, root, logs, credentials, self._has_sandbox)
            self._pool = FunctionPool(direct.client("lambda"), self._code_sources(direct, root), host)
            stack.callback(self._pool.close)
            access_control = AccessControl(credentials, functools.cache(direct.client), self.region)
            gateway.open(Forwarder(LOOPBACK, moto_port), LambdaApi(self._pool), access_control)
            # called first on exit: requests in progress break when moto ends, and their tracebacks help nobody
            stack.callback(gateway.silence_errors)
            self._endpoint_url = endpoint_url
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """End every process that it started, busy ones too, and remove its files."""
        self._endpoint_url = None
        self._stack.close()

    @property
    def endpoint_url(self) -> str:
        """Where clients reach it, such as ``http://127.0.0.1:5000``.

        Raises
        ------
        StartError
            It does not run.
        """
        if self._endpoint_url is None:
            raise StartError("EmbeddedAws: it does not run; found no address; expected use inside `with EmbeddedAws()`")
        return self._endpoint_url

    def environment(self) -> dict[str, str]:
        """Return variables that lead a boto3, aws-cli or osls process to it, to be added to that process's own ones.

        With them the process never reaches the real AWS, whatever profile, token or endpoint its user has set.
        """
        return merged_environment(self.endpoint_url, self.region, self._profile)

    def client(self, service: str) -> Any:
        """Return a boto3 client for it, such as ``client("s3")``; it ignores all settings of the user."""
        self.endpoint_url  # noqa: B018 - raises when it does not run
        return self._clients.client(service)

    def prewarm(self, names: Iterable[str]) -> None:
        """Start an execution environment of each named function before its first invocation, in the background.

        Raises
        ------
        FunctionNotFoundError, CodeNotFoundError
            A function is not deployed, or its code is not on this machine.
        """
        self.endpoint_url  # noqa: B018 - raises when it does not run
        self._pool.prewarm(names)

    def _code_sources(self, direct: ClientFactory, root: Path) -> list[CodeSource]:
        (root / "code").mkdir()
        stacks = DeployedStacks(direct.client("cloudformation"), self.region)
        pythons = IsolatedPythons(root / "pythons")
        return [working_tree, DeployedCode(direct.client("s3"), stacks, pythons, root / "code")]

    def _open_gateway(self) -> Gateway:
        try:
            return Gateway(self._wanted_port)
        except OSError as error:
            where = f"{LOOPBACK}:{self._wanted_port}"
            raise StartError(f"{where}: cannot listen there; found {error.strerror}; expected a free port") from error
