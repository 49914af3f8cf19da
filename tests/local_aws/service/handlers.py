"""Functions that succeed, fail, hang, exit and log."""

import logging
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import boto3

_calls: list[Any] = []


class BusyError(Exception):
    """Something that goes away by itself."""


def echo(event: Any, context: Any) -> dict[str, Any]:
    """Return the event and what the context says."""
    _calls.append(event)
    print("echo was here")  # noqa: T201 - the test looks for it in the log
    return {
        "event": event,
        "n_calls": len(_calls),
        "pid": os.getpid(),
        "remaining_ms": context.get_remaining_time_in_millis(),
        "arn": context.invoked_function_arn,
        "client_context": context.client_context and context.client_context.custom,
    }


def surroundings(_event: Any, _context: Any) -> dict[str, Any]:
    """Return what the function sees of its surroundings."""
    Path(tempfile.gettempdir(), "mine").write_text("x", encoding="utf-8")
    return {"environment": dict(os.environ), "cwd": str(Path.cwd()), "tmp": tempfile.gettempdir()}


def buckets(_event: Any, _context: Any) -> list[str]:
    """Return the names of all buckets, as a client without any arguments sees them."""
    return [bucket["Name"] for bucket in boto3.client("s3").list_buckets()["Buckets"]]


def busy_twice(event: dict[str, str], _context: Any) -> str:
    """Fail with a named error the first two times that it sees a file name, then succeed."""
    tries = Path(event["file"])
    done = len(tries.read_text(encoding="utf-8")) if tries.exists() else 0
    tries.write_text("x" * (done + 1), encoding="utf-8")
    if done < 2:
        raise BusyError(f"busy for the {done + 1}. time")
    return "done"


def sleep_with_children(_event: Any, _context: Any) -> None:
    """Never end, and start a process that has left its session and its environment."""
    subprocess.Popen(["sleep", "300"], start_new_session=True)
    subprocess.Popen(["sleep", "301"], start_new_session=True, env={"PATH": os.environ["PATH"]})
    time.sleep(300)


def nap(event: dict[str, float], _context: Any) -> int:
    """Sleep for ``seconds`` and return the process id."""
    time.sleep(event["seconds"])
    return os.getpid()


def hang(event: dict[str, str], _context: Any) -> None:
    """Make ``file``, so that the test knows that the function runs, and never end."""
    Path(event["file"]).touch()
    time.sleep(300)


def exit_or_die(event: dict[str, int], _context: Any) -> None:
    """End the process by ``signal`` or with ``status``; a child that left its session stays behind."""
    subprocess.Popen(["sleep", "302"], start_new_session=True)
    if "signal" in event:
        os.kill(os.getpid(), event["signal"])
        signal.pause()
    os._exit(event["status"])


def large(event: dict[str, int], _context: Any) -> str:
    """Return a string of ``n_bytes``."""
    return "x" * event["n_bytes"]


def log_lines(_event: Any, _context: Any) -> None:
    """Write to the log in all ways."""
    logging.getLogger().warning("a warning")
    os.write(1, b"straight to stdout\n")
    os.write(2, b"straight to stderr, not ended")
