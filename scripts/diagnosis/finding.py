"""A finding, and how a check that AWS does not answer becomes one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from osls import OslsError
from stages.access import StageAccess

REFUSED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "403"}
# one more try: whoever calls the doctor waits
_TWO_TRIES = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 2})


class Level(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    LOOK = "worth a look"
    WRONG = "wrong"
    UNKNOWN = "not known"


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's answer.

    Attributes
    ----------
    level
        How much it matters.
    subject
        What was looked at.
    text
        What was found.
    advice
        What to do; empty where there is nothing to do.
    """

    level: Level
    subject: str
    text: str
    advice: str = ""

    def __str__(self) -> str:
        """Return the line."""
        return f"{self.level:<12}  {self.subject}: {self.text}.{f' {self.advice}' if self.advice else ''}"


Check = Callable[[StageAccess], Iterable[Finding]]


def client(service: str) -> Any:
    """Return a client of the credentials that `stages.access.sign_in` checked."""
    return boto3.client(service, config=_TWO_TRIES)


def findings_of(subject: str, check: Check, access: StageAccess) -> list[Finding]:
    """Return a check's findings; one that says *not known* where AWS refused, or has no such operation."""
    findings: list[Finding] = []
    try:
        findings.extend(check(access))
    except ClientError as error:
        code = error.response["Error"].get("Code", "")
        if code in REFUSED:
            advice = "Ask for this permission, or let somebody call the doctor who has it."
            findings.append(Finding(Level.UNKNOWN, subject, f"AWS refused {error.operation_name} ({code})", advice))
        else:
            findings.append(Finding(Level.UNKNOWN, subject, f"no answer here to {error.operation_name} ({code})"))
    except OslsError as error:
        findings.append(Finding(Level.UNKNOWN, subject, "osls cannot be used here", str(error)))
    except ResponseParserError:
        findings.append(Finding(Level.UNKNOWN, subject, "this AWS does not know what was asked"))
    except BotoCoreError as error:
        findings.append(Finding(Level.UNKNOWN, subject, f"no answer ({error})", "Try again."))
    return findings
