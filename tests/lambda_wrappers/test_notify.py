"""Notify: whatever an execution was given and was called, exactly one message says how it ended."""

from __future__ import annotations

import json
from typing import Any

import pytest

from etl.errors import AccessDeniedError
from etl.settings import VARIABLES
from lambda_wrappers import notify

VALUES = {"time_zone": "Asia/Tokyo", "max_quarantine": "0.05", "csv_encoding": "utf-8"}


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Return the messages that are published; nothing is kept below any run's prefix."""
    messages: list[dict[str, Any]] = []

    class Topic:
        def publish(self, **message: Any) -> dict[str, str]:
            messages.append(message)
            return {"MessageId": "1"}

    for name, variable in VARIABLES.items():
        monkeypatch.setenv(variable, VALUES.get(name, "a-name"))
    monkeypatch.setenv("STAGE", "prod")
    monkeypatch.setenv("FAILURE_TOPIC_ARN", "arn:aws:sns:ap-northeast-1:123456789012:failures")
    monkeypatch.setattr(notify, "client", lambda _service: Topic())
    monkeypatch.setattr(notify, "list_keys", lambda _bucket, _prefix: [])
    return messages


def _ended(**detail: Any) -> dict[str, Any]:
    given = {"name": "nightly", "status": "FAILED", "startDate": 1616425200000, "input": "{}"} | detail
    arn = f"arn:aws:states:ap-northeast-1:123456789012:execution:BatchStateMachine-prod:{given['name']}"
    return {"region": "ap-northeast-1", "detail": {"executionArn": arn, **given}}


@pytest.mark.parametrize(
    "detail",
    [
        pytest.param({"name": "a.b"}, id="a name that is no run's"),
        pytest.param({"input": json.dumps({"scheduled_at": "0001-01-01T00:00:00+14:00"})}, id="before the calendar"),
        pytest.param({"input": json.dumps({"scheduled_at": "9999-12-31T23:59:59Z"})}, id="after the calendar"),
        pytest.param({"input": json.dumps({"scheduled_at": 7, "run_date": [1]})}, id="no dates"),
        pytest.param({"input": "[1]"}, id="no object"),
        pytest.param({"input": None, "cause": "[1]"}, id="nothing"),
    ],
)
def test_one_message_is_sent_whatever_the_execution_was_given(
    detail: dict[str, Any], sent: list[dict[str, Any]]
) -> None:
    """What cannot be found out is left out; how to run the day again is always told."""
    notify.handler(_ended(**detail), None)

    (message,) = sent
    assert message["Subject"] == "Device operation history, prod: a run failed"
    assert "make invoke STAGE=prod" in message["Message"]


def test_one_message_is_sent_where_the_kept_files_cannot_be_listed(
    sent: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message says that they could not be listed, and why."""

    def refused(_bucket: str, _prefix: str) -> list[str]:
        raise AccessDeniedError("no")

    monkeypatch.setattr(notify, "list_keys", refused)
    notify.handler(_ended(), None)

    (message,) = sent
    assert "could not be listed (AccessDeniedError)" in message["Message"]
