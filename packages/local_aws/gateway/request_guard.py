"""Requests that the gateway denies: to be a proxy, to let moto reach the real AWS, or from a web page's script."""

from urllib.parse import unquote, urlsplit

from local_aws.environment import is_loopback
from local_aws.http.http_message import Headers

# moto's features that send requests to hosts of the caller's choice.
_PASSING_THROUGH = ("/moto-api/proxy", "/moto-api/recorder/replay-recording", "/moto-api/recorder/upload-recording")
_CONFIG = "/moto-api/config"


def denial_reason(method: str, target: str, headers: Headers) -> str | None:
    """Return why a request is denied, or None.

    Parameters
    ----------
    method, target
        As in the request line: the target still percent-encoded.
    headers
        The request's headers, case-insensitive.

    Examples
    --------
    >>> denial_reason("GET", "http://s3.amazonaws.com/bucket", {})
    "request target: this gateway is no proxy; found 'http://s3.amazonaws.com/bucket'; expected a path on it"
    """
    if method == "CONNECT" or not target.startswith("/"):
        return f"request target: this gateway is no proxy; found {target[:100]!r}; expected a path on it"
    path = _path(target)
    if path.startswith(_PASSING_THROUGH):
        return f"{path}: it would let moto send requests to other hosts; the embedded AWS never leaves this machine"
    host = headers.get("Host")
    if host and not _is_this_machine(host):
        return f"Host: the request was meant for another machine; found {host[:100]!r}; expected a loopback address"
    origin = headers.get("Origin")
    if origin and not _is_this_machine(urlsplit(origin).netloc):
        return f"Origin: a web page must not use the embedded AWS; found {origin[:100]!r}; expected none"
    return None


def is_moto_config(target: str) -> bool:
    """Tell whether a request target is moto's configuration; `config_denial_reason` checks its content."""
    return _path(target).startswith(_CONFIG)


def config_denial_reason(config: object) -> str | None:
    """Return why moto must not get this configuration, or None.

    Examples
    --------
    >>> config_denial_reason({"core": {"passthrough": {"services": ["s3"]}}})
    '/moto-api/config: it could let moto reach the real AWS; found core; expected batch, lambda, stepfunctions'
    """
    keys = sorted(config) if isinstance(config, dict) else ["no JSON object"]
    if set(keys) <= {"batch", "lambda", "stepfunctions"}:
        return None
    return (
        f"{_CONFIG}: it could let moto reach the real AWS; found {', '.join(keys)[:100]}; "
        f"expected batch, lambda, stepfunctions"
    )


def _path(target: str) -> str:
    return "/" + unquote(target.partition("?")[0]).lstrip("/")


def _is_this_machine(host: str) -> bool:
    """Tell whether a Host header names this machine; ``bucket.localhost`` is S3's virtual-hosted style."""
    name = urlsplit(f"//{host}").hostname or ""
    return name == "localhost" or name.endswith(".localhost") or is_loopback(name)
