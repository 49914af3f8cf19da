"""The child process that serves moto: ``python -m local_aws.moto.process``.

It takes a free port, reports it as one JSON line on stdout, and serves until its stdin ends. Its owner holds the other
end of that pipe, so however the owner dies, by SIGKILL too, this process ends it all: first what the owner's functions
left running, then itself.
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
from local_aws.moto.patches import repair
from local_aws.processes import kill_marked

# moto imports it with the first call that needs it, a second's work; here it loads while the owner is still busy.
_SLOW_MODULE = "moto.cloudformation.parsing"
# With it jsonschema builds a grammar at import, another second, for a format that nobody asks about here.
_UNWANTED_MODULE = "rfc3987_syntax"


def main(owner: str, root: str) -> None:
    """Serve moto on a free loopback port.

    Parameters
    ----------
    owner
        The owner's part of its instances' marks: those processes are killed when the owner is gone.
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
    # moto takes this lock for each request: two threads in its circular imports at once would see half of a module.
    app.lock.acquire()
    threading.Thread(target=_finish, args=(app.lock.release,), daemon=True).start()
    sys.stdout.write(json.dumps({"port": server.port}) + "\n")
    sys.stdout.flush()
    server.serve_forever()


def _finish(done: Callable[[], None]) -> None:
    try:
        importlib.import_module(_SLOW_MODULE)
        repair()
    finally:
        done()


def _end_with_owner(owner: str, root: str) -> None:
    """Wait until the owner's end of our stdin closes, then clean up and exit."""
    sys.stdin.buffer.read()
    kill_marked(f"{owner}/")
    shutil.rmtree(root, ignore_errors=True)
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
