"""Tests of writing to CloudWatch Logs."""

from pathlib import Path
from typing import Any

from local_aws.functions.function_logs import FunctionLog, new_stream_name, report_line


class Recorder:
    """Stands for CloudWatch Logs; remembers the calls."""

    class exceptions:  # noqa: N801 - as boto3 calls it
        """The errors that the client knows."""

        ResourceAlreadyExistsException = KeyError

    def __init__(self) -> None:
        self.groups: list[str] = []
        self.batches: list[list[str]] = []

    def create_log_group(self, **arguments: Any) -> None:
        """Say that it exists."""
        self.groups.append(arguments["logGroupName"])
        raise KeyError

    def create_log_stream(self, **_: Any) -> None:
        """Do nothing."""

    def put_log_events(self, **arguments: Any) -> None:
        """Remember the messages."""
        self.batches.append([event["message"] for event in arguments["logEvents"]])


def test_only_new_output_is_read(tmp_path: Path) -> None:
    """Reads only new output, and replaces bytes that are not UTF-8."""
    output = tmp_path / "output.log"
    output.write_bytes(b"one\n")
    log = FunctionLog(Recorder(), "g", "s", output)
    assert log.read_new_output() == "one\n"
    with output.open("ab") as more:
        more.write(b"two \xff\n")
    assert log.read_new_output() == "two \ufffd\n"
    assert log.read_new_output() == ""


def test_blank_lines_are_left_out_and_tracebacks_stay_together(tmp_path: Path) -> None:
    """Omits blank lines, which CloudWatch rejects, and keeps a traceback in one event."""
    client = Recorder()
    FunctionLog(client, "g", "s", tmp_path).put(["a", "", "  ", "b\rc"])
    assert client.batches == [["a", "b\nc"]]


def test_many_lines_go_in_batches(tmp_path: Path) -> None:
    """Writes many lines in batches and creates the log group once."""
    client = Recorder()
    log = FunctionLog(client, "g", "s", tmp_path)
    log.put(str(number) for number in range(2500))
    log.put(["x"])
    assert [len(batch) for batch in client.batches] == [1000, 1000, 500, 1]
    assert client.groups == ["g"]


def test_the_report_names_the_start_once() -> None:
    """Reports an Init Duration for the first invocation only."""
    assert report_line("r", 1, 128, 40, init_seconds=0.25).endswith("\tInit Duration: 250.00 ms")
    assert "Init" not in report_line("r", 1, 128, 40)


def test_stream_names_are_lambdas_and_unique() -> None:
    """Names log streams by day, version and a unique id."""
    first, second = new_stream_name("$LATEST"), new_stream_name("$LATEST")
    assert first != second
    assert first[10:20] == "/[$LATEST]"
