"""Lambda's Invoke, word for word (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html)."""

import base64
import contextlib
import json
import re
import threading
import uuid
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.exceptions import ClientError

from local_aws.errors import FunctionNotFoundError, LocalAwsError, RuntimeNotFoundError, StoppingError
from local_aws.functions.deployed_function import DeployedFunction
from local_aws.functions.function_pool import FunctionPool
from local_aws.functions.runtime.events import Invocation
from local_aws.http.http_message import Headers, HttpAnswer

MAX_PAYLOAD_BYTES = 6 * 1024 * 1024
MAX_EVENT_BYTES = 1024 * 1024
_LOG_TAIL_BYTES = 4096
_INVOKE = re.compile(r"/2015-03-31/functions/([^/]+)/invocations/?")
# Other APIs that run a function; moto would answer them without running it.
_OTHER_APIS = re.compile(r"/20\d\d-\d\d-\d\d/functions/[^/]+/(invoke-async|response-streaming-invocations)/?")
_NAME = re.compile(r"(?:arn:[^:]+:lambda:[^:]*:)?(?:\d{12}:)?(?:function:)?([^:]+)(?::([^:]+))?")


class _InvokeError(Exception):
    """Lambda rejects an invocation before any function runs."""

    def __init__(self, status: int, error_type: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error_type = error_type


def is_invocation(method: str, target: str) -> bool:
    """Tell whether a request runs a function, by whatever API."""
    path = unquote(urlsplit(target).path)
    return method == "POST" and bool(_INVOKE.fullmatch(path) or _OTHER_APIS.fullmatch(path))


class LambdaApi:
    """Answers invocations; moto answers the rest of Lambda's API.

    An ``Event`` invocation runs once: there are no retries, destinations or dead letters.
    """

    def __init__(self, pool: FunctionPool) -> None:
        self._pool = pool

    def invoke(self, target: str, headers: Headers, payload: bytes) -> HttpAnswer:
        """Run the function that the request target names, as the ``X-Amz-`` headers demand; return Lambda's answer.

        The payload is JSON text, or empty.
        """
        kind = headers.get("X-Amz-Invocation-Type", "RequestResponse")
        try:
            name, qualifier = _function_named_by(target)
            _check_payload(payload, kind)
            function = self._find(name, qualifier)
        except _InvokeError as error:
            return _error_answer(error)
        context = base64.b64decode(headers.get("X-Amz-Client-Context", "")).decode("utf-8", errors="replace")
        invocation = Invocation(str(uuid.uuid4()), function.arn, payload or b"{}", context)
        if kind == "DryRun":
            return HttpAnswer(204)
        if kind == "Event":
            threading.Thread(target=self._run_event, args=(function, invocation), daemon=True).start()
            return HttpAnswer(202, headers={"x-amzn-RequestId": invocation.request_id})
        try:
            return self._run(function, invocation, wants_log=headers.get("X-Amz-Log-Type") == "Tail")
        except StoppingError as error:
            return _error_answer(_InvokeError(503, "ServiceUnavailableException", str(error)))

    def _find(self, name: str, qualifier: str | None) -> DeployedFunction:
        try:
            return self._pool.find(name, qualifier)
        except FunctionNotFoundError as error:
            raise _InvokeError(404, "ResourceNotFoundException", str(error)) from error
        except ClientError as error:
            raise _InvokeError(500, "ServiceException", f"moto: {error}") from error
        except RuntimeNotFoundError as error:
            raise _InvokeError(502, "InvalidRuntimeException", str(error)) from error
        except LocalAwsError as error:
            raise _InvokeError(502, "InvalidZipFileException", str(error)) from error

    def _run_event(self, function: DeployedFunction, invocation: Invocation) -> None:
        with contextlib.suppress(StoppingError):
            self._pool.invoke(function, invocation)

    def _run(self, function: DeployedFunction, invocation: Invocation, *, wants_log: bool) -> HttpAnswer:
        result, log = self._pool.invoke(function, invocation)
        headers = {
            "Content-Type": "application/json",
            "X-Amz-Executed-Version": function.version,
            "x-amzn-RequestId": invocation.request_id,
        }
        if result.is_error:
            headers["X-Amz-Function-Error"] = "Unhandled"
        if wants_log:
            headers["X-Amz-Log-Result"] = base64.b64encode(log.encode()[-_LOG_TAIL_BYTES:]).decode()
        return HttpAnswer(200, result.payload, headers)


def _function_named_by(target: str) -> tuple[str, str | None]:
    """Return name and qualifier from a name, a partial ARN or an ARN, with or without a qualifier."""
    url = urlsplit(target)
    invoke = _INVOKE.fullmatch(unquote(url.path))
    if not invoke:
        raise _InvokeError(501, "UnsupportedOperationException", "The embedded AWS runs functions by Invoke only.")
    parts = _NAME.fullmatch(invoke[1])
    if not parts:
        raise _InvokeError(400, "ValidationException", f"No function name or ARN: {invoke[1][:100]!r}")
    return parts[1], parse_qs(url.query).get("Qualifier", [parts[2]])[0]


def _check_payload(payload: bytes, kind: str) -> None:
    if kind not in {"RequestResponse", "Event", "DryRun"}:
        raise _InvokeError(400, "InvalidParameterValueException", f"Unsupported invocation type {kind[:40]!r}")
    limit = MAX_EVENT_BYTES if kind == "Event" else MAX_PAYLOAD_BYTES
    if len(payload) > limit:
        message = f"Request must be smaller than {limit} bytes for the InvokeFunction operation"
        raise _InvokeError(413, "RequestTooLargeException", message)
    try:
        json.loads(payload or b"{}")
    except ValueError as error:
        message = f"Could not parse request body into json: {error}"
        raise _InvokeError(400, "InvalidRequestContentException", message) from error


def _error_answer(error: _InvokeError) -> HttpAnswer:
    body: dict[str, Any] = {"Type": "User" if error.status < 500 else "Server", "Message": str(error)}  # noqa: PLR2004
    headers = {"Content-Type": "application/json", "x-amzn-ErrorType": error.error_type}
    return HttpAnswer(error.status, json.dumps(body).encode(), headers)
