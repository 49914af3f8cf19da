"""Start and stop the child process that serves moto."""

import json
import os
import subprocess
import sys
from pathlib import Path

from local_aws.environment import LOOPBACK, aws_environment, inherited_environment
from local_aws.errors import StartError
from local_aws.iam.credentials import STATES_KEY_VARIABLE

_LAST_LINES = 15
_STOP_SECONDS = 1


class MotoBackend:
    """moto's server in a process of its own.

    Parameters
    ----------
    owner
        The id of this embedded AWS.
    root
        Private folder, for moto's log.
    gateway_port
        Where moto's Step Functions interpreter sends each task.
    region
        The default region.
    states_key
        How the access keys of state machines' roles begin.
    """

    def __init__(self, owner: str, root: Path, gateway_port: int, region: str, states_key: str) -> None:
        gateway_url = f"http://{LOOPBACK}:{gateway_port}"
        self._log = root / "moto.log"
        environment = {
            **inherited_environment(),
            **aws_environment(gateway_url, region),
            # A request to any other host (say, of an SNS subscription) goes to the gateway, which denies it.
            "HTTP_PROXY": gateway_url,
            "HTTPS_PROXY": gateway_url,
            "MOTO_PORT": str(gateway_port),
            STATES_KEY_VARIABLE: states_key,
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "TMPDIR": str(root),
        }
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "local_aws.moto.process", owner, str(root)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
                start_new_session=True,
            )

    def wait_until_ready(self) -> int:
        """Return the port that moto listens on.

        Raises
        ------
        StartError
            moto ended before it listened; the message has its last lines.
        """
        assert self._process.stdout  # noqa: S101 - tells the type checker
        line = self._process.stdout.readline()
        if not line:
            status = self._process.wait()
            raise StartError(
                f"moto: the server ended with status {status} before it was ready; expected a port. "
                f"Its last lines:\n{self._last_lines()}"
            )
        return int(json.loads(line)["port"])

    def stop(self) -> None:
        """Kill moto; it has nothing to save."""
        self._process.kill()
        self._process.wait(_STOP_SECONDS)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()

    def _last_lines(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return os.linesep.join(lines[-_LAST_LINES:])
