"""The whole device table is read, whatever its items hold and however many pages it has."""

import io
import itertools
import json

import pandas as pd
import pytest
from botocore.awsrequest import AWSResponse

from etl.errors import MissingTableError
from etl.storage import aws, device_table

pytestmark = pytest.mark.functional

_numbers = itertools.count(1)


@pytest.fixture
def table(embedded_aws):
    """Return a function that makes a table of items and returns its name."""
    dynamodb = embedded_aws.client("dynamodb")

    def make(items):
        name = f"Devices-read{next(_numbers)}"
        dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("user_id", "device_id")],
            KeySchema=[
                {"AttributeName": "user_id", "KeyType": "HASH"},
                {"AttributeName": "device_id", "KeyType": "RANGE"},
            ],
        )
        device_table.put_devices(name, items)
        return name

    return make


def item(device_id, **attributes):
    """Return an item of the user ``u``."""
    return {"user_id": {"S": "u"}, "device_id": {"S": device_id}, **attributes}


ODD = [
    item("a", type={"S": "エアコン"}, more={"M": {"type": {"S": "x"}}}),
    item("b"),
    item("c", type={"NULL": True}),
    item("d", type={"N": "5"}),
    item("e", type={"SS": ["x"]}),
    item("f", type={"B": b"x"}),
    item("g", type={"M": {"S": {"S": "x"}}}),
    item("h", type={"L": [{"S": "x"}]}),
    item("i", type={"BOOL": True}),
]


@pytest.mark.parametrize("is_fast", [True, False])
def test_only_text_becomes_a_type(table, monkeypatch, is_fast):
    """A type of another kind is left empty and counted, whether we decode the page or botocore does."""
    if not is_fast:
        monkeypatch.setattr(device_table, "_decode_page", lambda **_more: None)
        aws.client("dynamodb").meta.events.unregister("before-parse.dynamodb.Scan", unique_id="etl-decode-page")
    master = device_table.read_devices(table(ODD))
    expected = pd.DataFrame(
        [("u", i["device_id"]["S"], "エアコン" if i["device_id"]["S"] == "a" else None) for i in ODD],
        columns=["user_id", "device_id", "type"],
        dtype="str",
    )
    pd.testing.assert_frame_equal(master.devices, expected)
    assert master.n_types_not_text == 6
    aws.client("dynamodb").meta.events.unregister("before-parse.dynamodb.Scan", unique_id="etl-decode-page")


def test_all_pages_are_read(table):
    """A table of several megabytes, which DynamoDB returns in pages, is read completely."""
    items = [item(f"{number:04}", type={"S": "x" * 3000}) for number in range(1000)]
    master = device_table.read_devices(table(items))
    assert master.devices["device_id"].tolist() == [f"{number:04}" for number in range(1000)]


class Body(io.BytesIO):
    """A response's body as botocore reads it."""

    def stream(self, **_how):
        """Yield it in one piece."""
        yield self.read()


@pytest.mark.parametrize("is_fast", [True, False])
def test_an_empty_page_is_not_the_end(embedded_aws, monkeypatch, is_fast):
    """Reading goes on after a page without items; the embedded AWS never sends one, so the test makes the pages."""
    assert embedded_aws
    if not is_fast:
        monkeypatch.setattr(device_table, "_decode_page", lambda **_more: None)
    pages = [
        {"Items": [], "LastEvaluatedKey": item("a")},
        {"Items": [item("b")], "LastEvaluatedKey": item("b")},
        {"Items": [], "LastEvaluatedKey": item("bb")},
        {"Items": [item("c"), item("d")]},
    ]
    answers, asked = iter(pages), []

    def answer(request, **_event):
        asked.append("ExclusiveStartKey" in json.loads(request.body))
        return AWSResponse(request.url, 200, {}, Body(json.dumps(next(answers)).encode()))

    events = aws.client("dynamodb").meta.events
    events.register("before-send.dynamodb.Scan", answer, unique_id="test-pages")
    try:
        master = device_table.read_devices("Devices-made")
    finally:
        events.unregister("before-send.dynamodb.Scan", unique_id="test-pages")
        events.unregister("before-parse.dynamodb.Scan", unique_id="etl-decode-page")
    assert master.devices["device_id"].tolist() == ["b", "c", "d"]
    assert asked == [False, True, True, True]


def test_an_empty_table_is_an_empty_frame_of_text(table):
    """A table without items gives a frame without rows whose columns are text."""
    devices = device_table.read_devices(table([])).devices
    assert devices.empty
    assert set(devices.dtypes.astype(str)) == {"str"}


def test_a_missing_table_is_named(embedded_aws):
    """A missing table gives an error that names it, although our handler sees the response first."""
    assert embedded_aws
    with pytest.raises(MissingTableError, match="table Devices-nowhere, scan"):
        device_table.read_devices("Devices-nowhere")
