"""The child process that serves moto: ``python -m local_aws.moto.process``.

It takes a free port, writes it as one JSON line to stdout, and serves until its stdin ends. The owner has the other end
of that pipe, so whenever the owner dies, by SIGKILL too, this process kills the processes of the owner's functions,
removes the owner's folder, and exits.
"""

import importlib
import json
import logging
import os
import shutil
import sys
import threading
from collections.abc import Callable

from moto.core.config import default_user_config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from local_aws.environment import LOOPBACK
from local_aws.moto.patches import apply_patches
from local_aws.processes import kill_processes

# moto imports it with the first call that needs it, which takes a second; here it loads while the owner is starting.
_SLOW_MODULE = "moto.cloudformation.parsing"
# With it jsonschema builds a grammar at import, another second, for a format that is not used here.
_UNWANTED_MODULE = "rfc3987_syntax"


def main(owner: str, root: str) -> None:
    """Serve moto on a free loopback port.

    Parameters
    ----------
    owner
        The owner's id: its functions' processes are killed when it is gone.
    root
        The owner's private folder: removed when the owner is gone.
    """
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    sys.modules[_UNWANTED_MODULE] = None  # type: ignore[assignment]
    app = DomainDispatcherApplication(create_backend_app)
    app.debug = True
    server = make_server(LOOPBACK, 0, app, threaded=True, request_handler=MotoRequestHandler)
    threading.Thread(target=_end_with_owner, args=(owner, root), daemon=True).start()
    # moto takes this lock for each request: with its circular imports, two threads at once could see half a module.
    app.lock.acquire()
    threading.Thread(target=_finish_imports, args=(app.lock.release,), daemon=True).start()
    sys.stdout.write(json.dumps({"port": server.port}) + "\n")
    sys.stdout.flush()
    server.serve_forever()


def _finish_imports(done: Callable[[], None]) -> None:
    try:
        importlib.import_module(_SLOW_MODULE)
        apply_patches()
    finally:
        done()


def _end_with_owner(owner: str, root: str) -> None:
    """Wait until the owner closes our stdin, then clean up and exit."""
    sys.stdin.buffer.read()
    kill_processes(f"{owner}/")
    shutil.rmtree(root, ignore_errors=True)
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
